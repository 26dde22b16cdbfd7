"""The golden table's programs with curves and word weights, whose scores are told in plain Python as its others are."""

import math
from itertools import pairwise

from tests.surrogates.golden import MASKS, NUMBERS, TEXT, Golden, has, program


def line(x: float, knots: dict[float, float]) -> float:
    """A curve's value: flat beyond the knots, straight between them on the scale sign(x) * log(1 + abs(x))."""

    def scaled(number: float) -> float:
        return math.log(1 + number) if number >= 0 else -math.log(1 - number)

    places = list(knots)
    if x <= places[0]:
        return knots[places[0]]
    for left, right in pairwise(places):
        if x <= right:
            way = (scaled(x) - scaled(left)) / (scaled(right) - scaled(left))
            return (1 - way) * knots[left] + way * knots[right]
    return knots[places[-1]]


def weight(i: int, words: dict[str, float], **classes: float) -> float:
    """A token's weight; 0 left of the text."""
    if i < 0:
        return 0.0
    return words.get(TEXT[i], 0.0) + sum(value for name, value in classes.items() if has(name, i))


FALL = {0.0: 1.4, 1.0: 2.1, 4.0: 0.6, 12.0: -0.5}
BOTH_WAYS = {-6.0: 0.5, -1.0: 2.0, 0.0: -1.0, 0.5: 0.25, 3.0: 1.5}
NINE = {0.0: 0.1, 1.0: 0.4, 2.0: -0.3, 3.0: 0.9, 4.0: -1.0, 6.0: 0.2, 8.0: 0.3, 11.0: -0.2, 13.0: 1.0}
SAID = {"Tom": 1.2, "said": -0.7, "<s>": 0.3, "\n": 2.0, "odd": 9.0}
MANY = {**{f"w{number}": 9.0 for number in range(22)}, "Tom": 0.75, ",": -1.5}

FITTED_CASES = [
    Golden("curve", program(f"curve(pair.distance, {FALL})"), lambda i, j, _: line(i - j, FALL)),
    Golden(
        "curve of an encoder",
        program(f"a * curve(pair.distance, {BOTH_WAYS})", a=1.5),
        lambda i, j, _: 1.5 * line(i - j, BOTH_WAYS),
        causal=False,
    ),
    Golden("curve of nine knots", program(f"curve(pair.distance, {NINE})"), lambda i, j, _: line(i - j, NINE)),
    Golden(
        "curve of two knots, of a token and of what is beyond them",
        program("curve(key.length, {2: 1, 3: -1}) - curve(key.index, {100: 7.0, 200.5: 8}) * query.is_comma"),
        lambda _i, j, _n: line(NUMBERS["length"][j], {2: 1, 3: -1}),
    ),
    Golden(
        "curve of an expression with constants",
        program("curve(a * pair.distance - b, {-2: -1.0, 0: 0.5, +3: 2.5})", a=0.75, b=2.0),
        lambda i, j, _: line(0.75 * (i - j) - 2, {-2: -1.0, 0: 0.5, 3: 2.5}),
    ),
    Golden(
        "curve of a local name, a mask, a literal and a curve",
        program(
            "d = pair.log_distance\n"
            "curve(d, {0: 1, 2: -1}) + curve(key.is_comma, {0: 0, 1: 2}) + curve(curve(d, {0: 3, 1: 0}), {0: 1, 3: 2})"
            " + key.is_first * curve(2.5, {2: 1, 3: 4})"
        ),
        lambda i, j, _: (
            line(math.log(1 + i - j), {0: 1, 2: -1})
            + 2 * has("is_comma", j)
            + line(line(math.log(1 + i - j), {0: 3, 1: 0}), {0: 1, 3: 2})
            + (j == 0) * line(2.5, {2: 1, 3: 4})
        ),
    ),
    Golden(
        "curve inside a logarithm",
        program("log(exp(curve(pair.distance, {0: 1, 5: -1})) + a * key.is_comma)", a=0.5),
        lambda i, j, _: math.log(math.exp(line(i - j, {0: 1, 5: -1})) + 0.5 * has("is_comma", j)),
    ),
    Golden(
        "curve of infinity",
        program("curve(where(pair.offset(1), inf, -inf), {-1: 0.25, 1: 2})"),
        lambda i, j, _: 2.0 if i - j == 1 else 0.25,
    ),
    Golden(
        "weights of words and classes",
        program(f"weights(key, {SAID}, is_capitalised=0.8, is_alphabetic=-0.6)"),
        lambda _i, j, _: weight(j, SAID, is_capitalised=0.8, is_alphabetic=-0.6),
    ),
    Golden(
        "weights of words alone and of classes alone",
        program(f"weights(key, {SAID}) + weights(key, {{}}, is_first=2, is_special=-0.5, is_word_start=.25)"),
        lambda _i, j, _: (
            weight(j, SAID) + weight(j, {}, is_first=2, is_special=-0.5, is_word_start=0.25)
        ),
    ),
    Golden("weights of 24 words", program(f"weights(key, {MANY})"), lambda _i, j, _: weight(j, MANY)),
    Golden(
        "weights of every class",
        program(f"weights(key, {{',': 1}}, {', '.join(f'{name}={place / 8}' for place, name in enumerate(MASKS))})"),
        lambda _i, j, _: weight(j, {",": 1}, **{name: place / 8 for place, name in enumerate(MASKS)}),
    ),
    Golden(
        "weights of left neighbours",
        program(
            f"weights(key.previous, {SAID}, is_quote=0.5)"
            " + pair.offset(1) * weights(query.previous.previous, {'Tom': 2}, is_first=1)"
        ),
        lambda i, j, _: (
            weight(j - 1, SAID, is_quote=0.5) + (i - j == 1) * weight(i - 2, {"Tom": 2}, is_first=1)
        ),
    ),
    Golden(
        "a pairing",
        program(f"a * weights(query, {SAID}, is_punctuation=-1) * weights(key, {{'Tom': 1}}, is_comma=0.5)", a=2.0),
        lambda i, j, _: 2 * weight(i, SAID, is_punctuation=-1) * weight(j, {"Tom": 1}, is_comma=0.5),
    ),
    Golden(
        "weights with what is for encoders only",
        program("weights(key, {}, is_last=2, is_first=1)"),
        lambda _i, j, n: 2.0 * (j == n - 1) + (j == 0),
        causal=False,
    ),
]  # fmt: skip
