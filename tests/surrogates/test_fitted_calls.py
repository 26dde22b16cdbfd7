"""Curves and word weights: their values are constants, all else of them is structure; and what of them is refused."""

import math
import pickle
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch

from surrogates.errors import ProgramFailed
from surrogates.language.features import Texts
from surrogates.language.patterns import pattern, scores
from surrogates.language.program import MAX_VALUES, Program, ProgramRefused
from surrogates.language.spelling import Piece
from surrogates.language.tokens import TokenTable
from surrogates.language.validation import Reason
from surrogates.language.vocabulary import CLASSES, MAX_KNOTS, MAX_WORDS
from tests.surrogates import golden

WRITTEN = '''\
def attend(query, key, pair, scale=2.0):
    """The recent past, more so names."""
    near = curve(pair.distance, {0: 1.4, 2.50: -2.1,  # é: falls
        16: +.6, 1_000: (0)})
    who = weights(key, {"Tom": 1.2, 'é"\\n\\u202e': 1.1,
                        "漢": 3}, is_capitalised=0.8, is_comma=-6e-1)  # curve(1, {0: 1})
    return near + scale * who * weights(query.previous, {}, is_first=1) + curve(key.length, {-1: 1, 4: 2})
'''
CONSTANTS = {
    "scale": 2.0,
    "curve1[0]": 1.4,
    "curve1[2.5]": -2.1,
    "curve1[16]": 0.6,
    "curve1[1000]": 0.0,
    'weights2["Tom"]': 1.2,
    'weights2["é\\"\\n\\u202e"]': 1.1,
    'weights2["漢"]': 3.0,
    "weights2.is_capitalised": 0.8,
    "weights2.is_comma": -0.6,
    "weights3.is_first": 1.0,
    "curve4[-1]": 1.0,
    "curve4[4]": 2.0,
}


def source(body: str, parameters: str = "") -> str:
    return f'def attend(query, key, pair{parameters}):\n    """A case."""\n    return {body}\n'


def texts(tensors: bool = False) -> Texts:
    return Texts.from_lists([golden.IDS, golden.IDS[4:9]], golden.table(), causal=True, torch_tensors=tensors)


# Values are constants.


def test_values_are_constants_in_the_order_of_the_source() -> None:
    program = Program.parse(WRITTEN)
    assert program.kind == "vectorised"
    assert program.constants == CONSTANTS
    assert list(program.constants) == list(CONSTANTS)
    assert all(type(value) is float for value in program.constants.values())


def test_new_values_keep_layout_and_comments() -> None:
    program = Program.parse(WRITTEN)
    changed = program.with_constants({name: place + 0.5 for place, name in enumerate(CONSTANTS)})
    expected = WRITTEN
    for old, new in (
        ("scale=2.0", "scale=0.5"),
        ("0: 1.4", "0: 1.5"),
        ("2.50: -2.1", "2.50: 2.5"),
        ("+.6", "3.5"),
        ("(0)", "(4.5)"),
        ("1.2", "5.5"),
        ("1.1,", "6.5,"),
        ('"漢": 3', '"漢": 7.5'),
        ("0.8", "8.5"),
        ("-6e-1", "9.5"),
        ("is_first=1", "is_first=10.5"),
        ("-1: 1,", "-1: 11.5,"),
        ("4: 2}", "4: 12.5}"),
    ):
        assert expected.count(old) == 1
        expected = expected.replace(old, new)
    assert changed.source == expected
    assert changed.structure == program.structure
    assert changed.with_constants(CONSTANTS).constants == CONSTANTS
    one = program.with_constants({"weights2.is_comma": -3.0})
    assert one.source == WRITTEN.replace("-6e-1", "-3.0")
    assert pickle.loads(pickle.dumps(one)).constants == one.constants


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("curve(pair.distance, {0: 1, 4: 2})", "curve(pair.distance, {0: -7.5, 4: +1e-3})", True),
        ("curve(pair.distance, {0: 1, 4: 2})", "curve(pair.distance, {0: 1, 5: 2})", False),
        ("curve(pair.distance, {0: 1, 4: 2})", "curve(pair.word_distance, {0: 1, 4: 2})", False),
        ('weights(key, {"a": 1}, is_comma=2)', 'weights(key, {"a": -1}, is_comma=-2)', True),
        ('weights(key, {"a": 1}, is_comma=2)', 'weights(key, {"b": 1}, is_comma=2)', False),
        ('weights(key, {"a": 1}, is_comma=2)', 'weights(key, {"a": 1}, is_quote=2)', False),
        ('weights(key, {"a": 1}, is_comma=2)', 'weights(query, {"a": 1}, is_comma=2)', False),
        ("2.0 * weights(key, {}, is_comma=1)", "3.0 * weights(key, {}, is_comma=1)", False),
    ],
)
def test_structure(one: str, other: str, same: bool) -> None:
    assert (Program.parse(source(one)).structure == Program.parse(source(other)).structure) == same


def test_size_families_features_and_terms() -> None:
    program = Program.parse(WRITTEN)
    assert program.literals == 1 + 8 + 6 + 2 + 1 + 4  # scale; knots and values; words, their weights and classes; …
    assert program.families == ("class", "position", "words")
    assert {("token", name) for name in ("is_capitalised", "is_comma", "is_first", "length")} < program.features
    assert program.parts == len(program.terms) == 3
    assert [str(term) for term in program.terms[1:]] == [
        "weights(key, {'Tom': 1.2, 'é\"\\n\\u202e': 1.1, '漢': 3}, is_capitalised=0.8, is_comma=-0.6)"
        " * weights(query.previous, {}, is_first=1)",
        "curve(key.length, {-1: 1, 4: 2})",
    ]
    assert [term.constant for term in program.terms] == ["1", "scale", "1"]
    assert [term.families for term in program.terms] == [("position",), ("class", "position", "words"), ("class",)]
    assert Program.parse(source("weights(key, {}, is_comma=1)")).families == ("class",)


@pytest.mark.parametrize(
    ("body", "literals", "parts"),
    [
        ("return -1.5 * key.is_comma + 2", 2, 2),
        ('return key.is_one_of("a", "b") * pair.offset(-1)', 3, 1),
        ("def half(x):\n        'Halves.'\n        return x / 2\n    return half(key.length) + len('a')", 2, 1),
        ("return [True, None, ..., 'a'][3]", 2, 1),
    ],
)
def test_literals_and_parts(body: str, literals: int, parts: int) -> None:
    program = Program.parse(f'def attend(query, key, pair, a=-1.0, b=2):\n    """Of 3 "words"."""\n    {body}\n')
    assert (program.literals, program.parts) == (literals + 2, parts)


def test_a_parameter_may_be_called_like_a_call() -> None:
    program = Program.parse(source("curve1 * curve(pair.distance, {0: 1, 4: 2})", ", curve1=3.0"))
    assert program.constants == {"curve1": 3.0, "curve1[0]": 1.0, "curve1[4]": 2.0}
    plain = Program.parse(source("3.0 * curve(pair.distance, {0: 1, 4: 2})"))
    np.testing.assert_array_equal(scores(program, texts()), scores(plain, texts()))


# Evaluation with other values.


@pytest.mark.parametrize("tensors", [False, True])
def test_values_given_are_those_of_the_program_that_holds_them(tensors: bool) -> None:
    program = Program.parse(WRITTEN)
    given: dict[str, Any] = {"curve1[0]": -3, "weights2.is_comma": np.float64(4), "scale": 0.25}
    if tensors:
        given["weights3.is_first"] = torch.tensor(2.5, dtype=torch.float64)
    batch = texts(tensors)
    before = np.asarray(scores(program, batch))
    found = scores(program, batch, given)
    assert str(found.dtype).endswith("float32")
    other = program.with_constants({name: float(value) for name, value in given.items()})
    np.testing.assert_allclose(np.asarray(found), np.asarray(scores(other, texts(tensors))), rtol=1e-6)
    np.testing.assert_array_equal(np.asarray(scores(program, batch)), before)  # its own are as they were


def test_what_is_kept_with_the_texts_holds_no_values() -> None:
    batch = texts()
    for body in ("exp(curve(pair.distance, {{0: {0}, 4: 2}}))", 'abs(weights(key, {{"Tom": {0}}}))'):
        for value in (1, -2, 3):
            program = Program.parse(source(body.format(value)))
            np.testing.assert_array_equal(scores(program, batch), scores(program, texts()))


def test_values_made_without_gradients_serve_with_them() -> None:
    program = Program.parse(source("a * curve(pair.distance, {0: 1, 4: 2}) * weights(key, {}, is_comma=1)", ", a=1.0"))
    with torch.inference_mode():
        scores(program, texts(tensors=True))
    a = torch.tensor(1.0, requires_grad=True)
    scores(program, texts(tensors=True), {"a": a}).sum().backward()
    assert a.grad is not None
    assert torch.isfinite(a.grad)


def _full() -> str:
    """As many knots and words as there may be, and every class of a causal model."""
    knots = ", ".join(f"{knot}: {knot / 7}" for knot in range(MAX_KNOTS))
    words = ", ".join(f'"{word}": {place / 5}' for place, word in enumerate(["Tom", *map(str, range(MAX_WORDS - 1))]))
    classes = "".join(f", {name}={place / 9}" for place, name in enumerate(CLASSES) if name != "is_last")
    return source(f"a * curve(pair.distance - 2, {{{knots}}}) * weights(key.previous, {{{words}}}{classes})", ", a=1.5")


@pytest.mark.parametrize("text", [WRITTEN, _full()])
def test_gradients_are_those_of_differences(text: str) -> None:
    program, batch = Program.parse(text), texts(tensors=True)
    generator = torch.Generator().manual_seed(0)
    aim = torch.rand(batch.visible.shape, generator=generator)

    def value(weights: torch.Tensor) -> torch.Tensor:
        return (scores(program, batch, _named(program, weights)) * aim).sum()

    weights = torch.tensor(list(program.constants.values()), requires_grad=True)
    (found,) = torch.autograd.grad(value(weights), weights)
    with torch.no_grad():
        for place, unit in enumerate(torch.eye(len(weights))):
            difference = float(value(weights + 0.05 * unit) - value(weights - 0.05 * unit)) / 0.1
            assert float(found[place]) == pytest.approx(difference, rel=2e-2, abs=5e-3)
            tangent = torch.func.jvp(lambda w: scores(program, batch, _named(program, w)), (weights,), (unit,))[1]
            assert float((tangent * aim).sum()) == pytest.approx(float(found[place]), rel=1e-3, abs=1e-3)


def _named(program: Program, weights: torch.Tensor) -> Mapping[str, torch.Tensor]:
    return dict(zip(program.constants, weights, strict=True))


def test_a_curves_slope_by_what_it_is_of() -> None:
    program = Program.parse(source("curve(a * pair.distance, {0: 1, 9: 3})", ", a=0.5"))
    a, batch = torch.tensor(0.5, requires_grad=True), texts(tensors=True)
    for distance in range(16):
        (slope,) = torch.autograd.grad(scores(program, batch, {"a": a})[0, 15, 15 - distance], a)
        expected = 2 / math.log(10) * distance / (1 + 0.5 * distance)
        assert float(slope) == pytest.approx(expected, rel=1e-5)


def test_word_weights_of_tokens_that_complete_characters() -> None:
    # The two halves of é are tokens; the second one completes it and is known by it in its place alone.
    halves = TokenTable.from_pieces([Piece(data) for data in (b"a", b"\xc3", b"\xa9")])
    batch = Texts.from_lists([[0, 1, 2, 2]], halves, causal=True)
    program = Program.parse(source('weights(key, {"é": 2, "<0xC3>": 3, "<0xA9>": 4}, is_alphabetic=1)'))
    np.testing.assert_array_equal(scores(program, batch)[0, 0], [1, 4, 3, 4])


def test_a_class_that_tells_of_the_future_fails_as_its_feature_does() -> None:
    with pytest.raises(ProgramFailed, match="is_last is for encoders only"):
        pattern(Program.parse(source("weights(key, {}, is_last=1)")), texts())


# What is refused.

KNOTS = ", ".join(f"{knot}: 1" for knot in range(MAX_KNOTS + 1))
WORDS = ", ".join(f'"{word}": 1' for word in range(MAX_WORDS + 1))


@pytest.mark.parametrize(
    ("body", "reason", "fragment"),
    [
        ("curve(pair.distance)", Reason.ARGUMENT, "`curve` takes a number, then its knots and their values in braces"),
        ("curve()", Reason.ARGUMENT, "`curve(x, {0: 1.4,"),
        ("curve({0: 1, 1: 2}, pair.distance)", Reason.ARGUMENT, "`curve` takes a number, then its knots"),
        ("curve(pair.distance, {0: 1, 1: 2}, 3)", Reason.ARGUMENT, "`curve` takes a number, then its knots"),
        ("curve(pair.distance, knots={0: 1, 1: 2})", Reason.ARGUMENT, "`curve` takes no names of arguments"),
        ("curve(pair.distance, {0: 1, **key})", Reason.ARGUMENT, "`**` is not available in `curve`"),
        ("curve(pair.distance, {})", Reason.ARGUMENT, "2 to 9 knots, not 0"),
        ("curve(pair.distance, {0: 1})", Reason.ARGUMENT, "2 to 9 knots, not 1"),
        (f"curve(pair.distance, {{{KNOTS}}})", Reason.ARGUMENT, "2 to 9 knots, not 10"),
        ("curve(pair.distance, {4: 1, 1.5: 2})", Reason.ARGUMENT, "increase, but 1.5 comes after 4"),
        ("curve(pair.distance, {4: 1, 4.0: 2})", Reason.ARGUMENT, "increase, but 4 comes after 4"),
        ("curve(pair.distance, {1: 1, 1.0000001: 2})", Reason.ARGUMENT, "1 and 1.0000001 of `curve` are too close"),
        ('curve(pair.distance, {"0": 1, 1: 2})', Reason.ARGUMENT, "knots of `curve` are numbers, written out"),
        ("curve(pair.distance, {a: 1, 1: 2})", Reason.ARGUMENT, "knots of `curve` are numbers, written out"),
        ("curve(pair.distance, {True: 1, 2: 2})", Reason.ARGUMENT, "knots of `curve` are numbers, written out"),
        ("curve(pair.distance, {0: a, 1: 2})", Reason.ARGUMENT, "`a` in `curve`: values are numbers; they are fitted"),
        ("curve(pair.distance, {0: 1 + 1, 1: 2})", Reason.ARGUMENT, "`1 + 1` in `curve`: values are numbers"),
        ("curve(pair.distance, {0: 1e31, 1: 2})", Reason.ARGUMENT, "`1e+31` in `curve`: values are numbers"),
        ("curve(key, {0: 1, 1: 2})", Reason.TYPE, "`key` by itself is no number"),
        ("curve(key.is_verb, {0: 1, 1: 2})", Reason.FEATURE, "no feature `is_verb`"),
        ("curve(key.length, {0: 1, 1: 2}) & key.is_comma", Reason.TYPE, "masks on both sides"),
        ("curve + 1", Reason.NAME, "`curve` is a function; call it"),
        ("weights", Reason.NAME, "`weights` is a function; call it"),
        ("weights(key)", Reason.ARGUMENT, "`weights` takes a token, then words and their weights in braces"),
        ("weights(key, is_comma=1)", Reason.ARGUMENT, '`weights(key, {"she": 1.2}, is_comma=0.8)`'),
        ("weights(key, {}, 1)", Reason.ARGUMENT, "`weights` takes a token, then words"),
        ("weights({}, is_comma=1)", Reason.ARGUMENT, "`weights` takes a token, then words"),
        ("weights(key, {}, **key)", Reason.ARGUMENT, "`**` is not available in `weights`"),
        ("weights(key, {})", Reason.ARGUMENT, "at least one word or class"),
        ("weights(key, {1: 1})", Reason.ARGUMENT, "words of `weights` are strings, written out"),
        ('weights(key, {b"a": 1})', Reason.ARGUMENT, "words of `weights` are strings, written out"),
        (f"weights(key, {{{WORDS}}})", Reason.ARGUMENT, "at most 24 words, not 25"),
        ('weights(key, {"a": 1, "é\\n": 1, "é\\n": 2})', Reason.ARGUMENT, '"é\\n" stands twice'),
        ("weights(key, {}, is_comma=1, is_quote=2, is_comma=1)", Reason.ARGUMENT, '"is_comma" stands twice'),
        ("weights(key, {}, is_verb=1)", Reason.ARGUMENT, "no class `is_verb`; classes are is_first, is_last, "),
        ("weights(key, {}, same_token=1)", Reason.ARGUMENT, "no class `same_token`; classes are"),
        ("weights(key, {}, length=1)", Reason.ARGUMENT, "`length` is a number, no class"),
        ("weights(key, {}, is_one_of=1)", Reason.ARGUMENT, "write its strings as words"),
        ("weights(key, {}, is_comma=a)", Reason.ARGUMENT, "`a` in `weights`: values are numbers; they are fitted"),
        ('weights(key, {"a": "b"})', Reason.ARGUMENT, "`'b'` in `weights`: values are numbers"),
        ("weights(key, {}, is_comma=True)", Reason.ARGUMENT, "`True` in `weights`: values are numbers"),
        ("weights(pair, {}, is_comma=1)", Reason.ARGUMENT, "takes a token first: `query`, `key` or `.previous`"),
        ("weights(key.length, {}, is_comma=1)", Reason.ARGUMENT, "takes a token first: `query`, `key` or `.previous`"),
        ("weights(1, {}, is_comma=1)", Reason.ARGUMENT, "takes a token first: `query`, `key` or `.previous`"),
        ("key.weights(1)", Reason.FEATURE, "no feature `weights`"),
    ],
)
def test_refused(body: str, reason: Reason, fragment: str) -> None:
    with pytest.raises(ProgramRefused) as caught:
        Program.parse(source(body, ", a=1.0"))
    (problem,) = caught.value.problems
    assert (problem.line, problem.reason) == (3, reason)
    assert fragment in problem.message
    assert problem.message.isprintable()


@pytest.mark.parametrize("name", ["curve", "weights"])
def test_the_words_are_taken(name: str) -> None:
    for text in (source("1.0", f", {name}=1.0"), source("1.0").replace("return", f"{name} = 1.0\n    return")):
        with pytest.raises(ProgramRefused, match=f"`{name}` (cannot name a constant|is taken)"):
            Program.parse(text)


def test_there_is_an_end_to_values_and_not_to_parameters_by_them() -> None:
    sixty_four = "".join(f", c{number}=1.0" for number in range(64))
    term = "weights(key, {" + ", ".join(f'"w{word}": 1' for word in range(16)) + "})"
    most = " + ".join([term] * (MAX_VALUES // 16))
    assert len(Program.parse(source(most, sixty_four)).constants) == 64 + MAX_VALUES
    with pytest.raises(ProgramRefused, match="there are 961 values in curves and weights; write at most 960"):
        Program.parse(source(f"{most} + weights(key, {{}}, is_comma=1)"))
