"""One table of programs with the patterns they must give on a small text.

The expected scores are plain Python of two positions, over facts of the text that were written down by hand; nothing of
the code under test takes part in them.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from surrogates.language.tokens import TokenTable

INF = math.inf
SURFACES = ["<s>", " Tom", " said", ",", ' "', " Hi", "!", "\n", " 42", "ing", '"', " and", " play", "."]
#        position  0  1  2  3  4  5  6  7   8  9  10  11 12 13  14 15
#                 <s> Tom said , "  Hi  !  "  \n Tom play ing 42 .  Tom said
IDS = [0, 1, 2, 3, 4, 5, 6, 10, 7, 1, 12, 9, 8, 13, 1, 2]
N = len(IDS)
EMBEDDINGS = [
    [1, 0, 0], [0, 2, 0], [0, 1, 1], [3, 0, 4], [-1, 0, 0], [1, 1, 1], [0, 0, -2],
    [2, 1, 0], [0, -1, 0], [1, 2, 2], [5, 0, 0], [0, 3, 4], [-1, -1, 0], [1, 0, 1],
]  # fmt: skip

TEXT = ["<s>", "Tom", "said", ",", '"', "Hi", "!", '"', "\n", "Tom", "play", "ing", "42", ".", "Tom", "said"]
MASKS: dict[str, set[int]] = {
    "is_first": {0},
    "is_special": {0},
    "is_word_start": {1, 2, 4, 5, 9, 10, 12, 14, 15},
    "is_alphabetic": {1, 2, 5, 9, 10, 11, 14, 15},
    "is_capitalised": {1, 5, 9, 14},
    "is_short": {1, 5, 9, 11, 14},
    "is_article": set(),
    "is_pronoun": set(),
    "is_preposition": set(),
    "is_conjunction": set(),
    "is_auxiliary": set(),
    "is_number": {12},
    "is_punctuation": {3, 4, 6, 7, 13},
    "is_sentence_end": {6, 13},
    "is_comma": {3},
    "is_quote": {4, 7},
    "is_newline": {8},
    "is_sentence_start": {0, 7, 9, 14},
}
NUMBERS = {
    "index": list(range(N)),
    "length": [0, 3, 4, 1, 1, 2, 1, 1, 1, 3, 4, 3, 2, 1, 3, 4],
    "occurrences": [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 1],
    "word_position": [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0],
    "sentence_position": [0, 1, 2, 3, 4, 5, 6, 0, 1, 0, 1, 2, 3, 4, 0, 1],
}
WORD = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 11, 12, 13, 14]
SENTENCE = [0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 2, 2, 2, 3, 3]

Score = Callable[[int, int, int], float]
"""Score of query i and key j in a text of the first n tokens."""


def table() -> TokenTable:
    return TokenTable.from_surfaces(SURFACES, {0}, np.array(EMBEDDINGS))


@dataclass(frozen=True)
class Golden:
    """A program, the score it must give, and the constants it has."""

    name: str
    source: str
    score: Score
    causal: bool = True

    def expected(self, n: int = N) -> list[list[float]]:
        """Rows of the pattern on the first n tokens."""
        rows = []
        for i in range(n):
            seen = i + 1 if self.causal else n
            values = [self.score(i, j, n) for j in range(seen)]
            top = max(values)
            weights = [1.0] * seen if top == -INF else [math.exp(value - top) for value in values]
            rows.append([weight / sum(weights) for weight in weights] + [0.0] * (n - seen))
        return rows


def program(body: str, **constants: float) -> str:
    """A program's source around its body, one statement a line."""
    parameters = "".join(f", {name}={value}" for name, value in constants.items())
    lines = [line.strip() for line in body.strip().splitlines()]
    lines[-1] = f"return {lines[-1]}"
    return f'def attend(query, key, pair{parameters}):\n    """A case."""\n' + "".join(f"    {x}\n" for x in lines)


def has(name: str, i: int) -> bool:
    """Whether a mask holds at a position; never left of the text."""
    return i in MASKS[name]


def same(i: int, j: int) -> bool:
    """Whether two positions, both inside the text, hold the same token."""
    return i >= 0 and j >= 0 and IDS[i] == IDS[j]


def nearest(i: int, j: int, test: Callable[[int], bool]) -> bool:
    """Whether j is the last position up to i that passes."""
    found = [k for k in range(i + 1) if test(k)]
    return bool(found) and found[-1] == j


def cosine(i: int, j: int) -> float:
    a, b = EMBEDDINGS[IDS[i]], EMBEDDINGS[IDS[j]]
    return sum(x * y for x, y in zip(a, b, strict=True)) / math.hypot(*a) / math.hypot(*b)


def _mask_case(name: str) -> Golden:
    body = f"a * key.{name} + b * query.{name} * pair.within(1)"
    return Golden(
        name,
        program(body, a=1.5, b=-0.75),
        lambda i, j, _: 1.5 * has(name, j) - 0.75 * (has(name, i) and i - j <= 1),
    )


def _number_case(name: str) -> Golden:
    body = f"a * key.{name} + b * query.{name} * pair.offset(1)"
    return Golden(
        name,
        program(body, a=0.25, b=-0.1),
        lambda i, j, _: 0.25 * NUMBERS[name][j] - 0.1 * NUMBERS[name][i] * (i - j == 1),
    )


def _pair_case(word: str, holds: Callable[[int, int], float], causal: bool = True) -> Golden:
    body = f"a * pair.{word} - b * key.is_first"
    return Golden(
        f"{word}{'' if causal else ' of an encoder'}",
        program(body, a=-0.5, b=0.25),
        lambda i, j, _: -0.5 * holds(i, j) - 0.25 * (j == 0),
        causal,
    )


FEATURE_CASES = [
    *map(_mask_case, MASKS),
    *map(_number_case, NUMBERS),
    Golden(
        "is_last", program("a * key.is_last + query.is_last", a=2.0), lambda _i, j, n: 2.0 * (j == n - 1), causal=False
    ),
    Golden(
        "is_one_of",
        program('a * key.is_one_of("Tom", "<s>", "\\n") + b * query.is_one_of(",") * pair.offset(0)', a=1.0, b=3.0),
        lambda i, j, _: (TEXT[j] in ("Tom", "<s>", "\n")) + 3.0 * (TEXT[i] == "," and i == j),
    ),
    _pair_case("distance", lambda i, j: i - j),
    _pair_case("distance", lambda i, j: i - j, causal=False),
    _pair_case("log_distance", lambda i, j: math.log(1 + i - j)),
    _pair_case("log_distance", lambda i, j: math.log(1 + abs(i - j)), causal=False),
    _pair_case("offset(0)", lambda i, j: i == j),
    _pair_case("offset(2)", lambda i, j: i - j == 2),
    _pair_case("offset(-1)", lambda i, j: j == i + 1, causal=False),
    _pair_case("within(3)", lambda i, j: i - j <= 3),
    _pair_case("within(3)", lambda i, j: abs(i - j) <= 3, causal=False),
    _pair_case("same_token", same),
    _pair_case("same_word", lambda i, j: WORD[i] == WORD[j]),
    _pair_case("word_distance", lambda i, j: WORD[i] - WORD[j]),
    _pair_case("word_distance", lambda i, j: WORD[i] - WORD[j], causal=False),
    _pair_case("same_sentence", lambda i, j: SENTENCE[i] == SENTENCE[j]),
    _pair_case("sentence_distance", lambda i, j: SENTENCE[i] - SENTENCE[j]),
    _pair_case("sentence_distance", lambda i, j: SENTENCE[i] - SENTENCE[j], causal=False),
    _pair_case("follows_same_token", lambda i, j: same(i, j - 1)),
    _pair_case("follows_same_bigram", lambda i, j: same(i, j - 1) and same(i - 1, j - 2)),
    _pair_case("same_previous_token", lambda i, j: same(i - 1, j - 1)),
    _pair_case("similarity", cosine),
    _pair_case("latest(key.is_quote)", lambda i, j: nearest(i, j, lambda k: has("is_quote", k))),
    _pair_case(
        "latest(key.is_quote)", lambda i, j: nearest(i, j, lambda k: has("is_quote", k)), causal=False
    ),  # an encoder's latest key is at or before the query, too
    _pair_case("latest(pair.same_token & ~pair.offset(0))", lambda i, j: nearest(i, j, lambda k: k < i and same(i, k))),
    _pair_case(
        "latest(key.is_comma | query.is_quote & pair.same_sentence)",
        lambda i, j: nearest(i, j, lambda k: has("is_comma", k) or (has("is_quote", i) and SENTENCE[i] == SENTENCE[k])),
    ),
]

LANGUAGE_CASES = [
    Golden(
        "the example of the contract",
        program(
            "sink * key.is_first - recency * pair.log_distance + comma * query.is_comma * pair.offset(1)",
            sink=4.2,
            recency=1.3,
            comma=0.8,
        ),
        lambda i, j, _: 4.2 * (j == 0) - 1.3 * math.log(1 + i - j) + 0.8 * (has("is_comma", i) and i - j == 1),
    ),
    Golden("a constant alone is uniform", program("a", a=3.0), lambda _i, _j, _: 0.0),
    Golden("of the query alone is uniform", program("a * query.index", a=3.0), lambda _i, _j, _: 0.0),
    Golden("a mask alone", program("key.is_comma"), lambda _i, j, _: float(j == 3)),
    Golden(
        "previous",
        program("a * key.previous.is_comma + b * query.previous.is_quote * pair.offset(1)", a=2.0, b=1.0),
        lambda i, j, _: 2.0 * has("is_comma", j - 1) + (has("is_quote", i - 1) and i - j == 1),
    ),
    Golden(
        "previous of a number and of is_one_of",
        program('a * key.previous.length + key.previous.is_one_of("Tom")', a=0.5),
        lambda _i, j, _: (0.5 * NUMBERS["length"][j - 1] + (TEXT[j - 1] == "Tom")) if j else 0.0,
    ),
    Golden(
        "previous.previous",
        program("a * key.previous.previous.is_first + b * query.previous.previous.index * pair.offset(0)", a=2, b=0.1),
        lambda i, j, _: 2.0 * (j == 2) + 0.1 * max(i - 2, 0) * (i == j),
    ),
    Golden(
        "nothing holds before the first token",
        program("a * ~key.previous.is_first + b * key.previous.is_word_start", a=1.0, b=0.5),
        lambda _i, j, _: 1.0 * (j != 1) + 0.5 * has("is_word_start", j - 1),
    ),
    Golden(
        "where with -inf",
        program("where(pair.within(2), a * key.is_comma, -inf)", a=1.0),
        lambda i, j, _: float(j == 3) if i - j <= 2 else -INF,
    ),
    Golden(
        "rows with nothing finite are uniform",
        program("where(key.is_comma & ~query.is_word_start, a, -inf)", a=1.0),
        lambda i, j, _: 1.0 if j == 3 and not has("is_word_start", i) else -INF,
    ),
    Golden("nothing finite anywhere", program("-inf + a * key.is_first", a=1.0), lambda _i, _j, _: -INF),
    Golden(
        "masks in arithmetic",
        program("1 - key.is_comma + key.is_quote + key.is_punctuation - -key.is_newline + +key.is_first"),
        lambda _i, j, _: (
            1
            - has("is_comma", j)
            + has("is_quote", j)
            + has("is_punctuation", j)
            + has("is_newline", j)
            + has("is_first", j)
        ),
    ),
    Golden(
        "masks in functions",
        program("exp(key.is_comma) + minimum(key.is_quote, 0.5) + where(key.is_first, key.is_special, key.is_number)"),
        lambda _i, j, _: (
            math.exp(has("is_comma", j)) + 0.5 * has("is_quote", j) + (j == 0) + (j != 0 and has("is_number", j))
        ),
    ),
    Golden(
        "and, or, not of masks",
        program("a * (key.is_word_start & ~key.is_capitalised | query.is_comma & pair.offset(1))", a=1.0),
        lambda i, j, _: float(
            (has("is_word_start", j) and not has("is_capitalised", j)) or (has("is_comma", i) and i - j == 1)
        ),
    ),
    Golden(
        "comparisons",
        program(
            "a * (key.length > 2) + (key.length >= 2) + (pair.distance < 3) + (pair.distance <= 3)"
            " + 2 * (key.length == query.length) + (key.occurrences != 0)",
            a=0.5,
        ),
        lambda i, j, _: (
            0.5 * (NUMBERS["length"][j] > 2)
            + (NUMBERS["length"][j] >= 2)
            + (i - j < 3)
            + (i - j <= 3)
            + 2 * (NUMBERS["length"][j] == NUMBERS["length"][i])
            + (NUMBERS["occurrences"][j] != 0)
        ),
    ),
    Golden(
        "comparison of masks, with a constant and of literals",
        program("(key.is_comma == query.is_comma) + (key.length > a) + (2 > 1) * key.is_first", a=2.5),
        lambda i, j, _: (has("is_comma", j) == has("is_comma", i)) + (NUMBERS["length"][j] > 2.5) + (j == 0),
    ),
    Golden(
        "local names",
        program("near = pair.within(4)\nstrength = a / 2\nstrength * near * key.is_alphabetic", a=3.0),
        lambda i, j, _: 1.5 * (i - j <= 4) * has("is_alphabetic", j),
    ),
    Golden(
        "augmented assignment",
        program(
            "s = a * key.is_first\ns += key.is_comma\ns -= b * pair.distance\ns *= 2\ns /= 4\ns **= 1\ns",
            a=2.0,
            b=0.25,
        ),
        lambda i, j, _: (2.0 * (j == 0) + (j == 3) - 0.25 * (i - j)) * 2 / 4,
    ),
    Golden(
        "augmented assignment to masks",
        program(
            "m = key.is_comma\nm |= key.is_quote\nm &= ~pair.offset(0)\nn = m\nn += key.is_quote\na * m + n", a=2.0
        ),
        lambda i, j, _: 3.0 * ((has("is_comma", j) or has("is_quote", j)) and i != j) + has("is_quote", j),
    ),
    Golden(
        "a feature is not changed by augmented assignment",
        program("d = pair.distance\nd *= 3\na * d - pair.distance", a=0.25),
        lambda i, j, _: 0.75 * (i - j) - (i - j),
    ),
    Golden(
        "mixture in a logarithm",
        program("log(a * exp(-b * pair.distance) + c * key.is_first)", a=1.0, b=0.5, c=0.3),
        lambda i, j, _: math.log(math.exp(-0.5 * (i - j)) + 0.3 * (j == 0)),
    ),
    Golden(
        "logaddexp",
        program("logaddexp(a * key.is_comma, -b * pair.distance)", a=1.0, b=0.5),
        lambda i, j, _: math.log(math.exp(1.0 * (j == 3)) + math.exp(-0.5 * (i - j))),
    ),
    Golden(
        "logaddexp of -inf",
        program("logaddexp(where(key.is_comma, a, -inf), where(pair.within(1), b, -inf))", a=1.0, b=0.5),
        lambda i, j, _: (
            -INF if j != 3 and i - j > 1 else math.log(math.exp(1.0) * (j == 3) + math.exp(0.5) * (i - j <= 1))
        ),
    ),
    Golden(
        "log and log1p have a floor",
        program("a * log(key.length) + b * log1p(-key.is_comma) + log1p(key.length)", a=0.25, b=0.1),
        lambda _i, j, _: (
            0.25 * math.log(max(NUMBERS["length"][j], 1e-6))
            + 0.1 * math.log(1e-6 if j == 3 else 1.0)
            + math.log(1 + NUMBERS["length"][j])
        ),
    ),
    Golden(
        "sqrt, abs, minimum, maximum, clip",
        program(
            "a * sqrt(pair.distance) - abs(pair.distance - b) + minimum(key.length, 2) - maximum(key.length, 3)"
            " + clip(pair.distance, 2, 5)",
            a=0.5,
            b=4.0,
        ),
        lambda i, j, _: (
            0.5 * math.sqrt(i - j)
            - abs(i - j - 4)
            + min(NUMBERS["length"][j], 2)
            - max(NUMBERS["length"][j], 3)
            + min(max(i - j, 2), 5)
        ),
    ),
    Golden("sqrt of a negative", program("sqrt(-a * pair.distance)", a=1.0), lambda _i, _j, _: 0.0),
    Golden(
        "negative and odd literals",
        program("-1.5 * key.is_first + -2 * key.is_comma + 1e-1 * pair.distance - 0x2 * key.is_quote + a", a=-0.5),
        lambda i, j, _: -1.5 * (j == 0) - 2 * (j == 3) + 0.1 * (i - j) - 2 * has("is_quote", j),
    ),
    Golden(
        "power",
        program("-(pair.distance ** a) + (pair.distance - 3) ** 2 * 0.1 + 2 ** key.is_comma", a=0.5),
        lambda i, j, _: -math.sqrt(i - j) + 0.1 * (i - j - 3) ** 2 + 2.0 ** (j == 3),
    ),
    Golden(
        "power of a base with a constant that is 0 on the diagonal",
        program("-((pair.distance / width) ** a)", width=2.0, a=0.75),
        lambda i, j, _: -(((i - j) / 2) ** 0.75),
    ),
    Golden(
        "division",
        program("a / (1 + pair.distance) + key.length / 4 + 1 / (b + key.index)", a=3.0, b=1.0),
        lambda i, j, _: 3 / (1 + i - j) + NUMBERS["length"][j] / 4 + 1 / (1 + j),
    ),
    Golden(
        "division by zero where it is not chosen",
        program("where(pair.distance > 0, a / pair.distance, b)", a=2.0, b=0.5),
        lambda i, j, _: 2 / (i - j) if i > j else 0.5,
    ),
    Golden(
        "not a number where no query sees it",
        program("a / (1 + query.index - key.index) + 0.1 * (query.index - key.index) ** b", a=2.0, b=1.0),
        lambda i, j, _: 2 / (1 + i - j) + 0.1 * (i - j),
    ),
    Golden(
        "log of a distance from an index",
        program("-a * log(pair.distance + 1) + b * log(query.index - key.index + 1)", a=1.0, b=0.25),
        lambda i, j, _: -0.75 * math.log(1 + i - j),
    ),
]

CASES = FEATURE_CASES + LANGUAGE_CASES
