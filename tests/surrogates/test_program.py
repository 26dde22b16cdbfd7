"""What is read from a program's source, and what stays the same when it is written again."""

import math
import pickle
from typing import Any, TypeVar

import numpy as np
import pytest

from surrogates.language.features import Texts
from surrogates.language.patterns import pattern
from surrogates.language.program import Program, ProgramRefused, format_constant
from surrogates.language.validation import Problem, Reason
from tests.surrogates import golden

T = TypeVar("T")


def source(body: str, parameters: str = "") -> str:
    """A program whose body starts on line 3."""
    lines = "".join(f"    {line}\n" for line in body.split("\n"))
    return f'def attend(query, key, pair{parameters}):\n    """A case."""\n{lines}'


def refusal(text: str) -> list[Problem]:
    with pytest.raises(ProgramRefused) as caught:
        Program.parse(text)
    assert caught.value.problems
    return caught.value.problems


def texts() -> Texts:
    return Texts(np.array([golden.IDS]), golden.table(), causal=True)


# Kinds.

HELPER = "def half(x):\n    return x / 2\n\n"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (source("return 1.0"), "vectorised"),
        (source("near = pair.within(3)\nreturn near * a", ", a=1.0"), "vectorised"),
        (source("s = pair.zeros()\nfor i in range(3):\n    s[i, 0] += 1\nreturn s"), "scripted"),
        (source("return key.text"), "scripted"),
        (source("return key.is_comma[0]"), "scripted"),
        (source("return [1.0, 2.0]"), "scripted"),
        (source("return np.exp(key.length)"), "scripted"),
        (source("return len(query)"), "scripted"),
        (source("return max(1, 2)"), "scripted"),
        (source("f = lambda x: x\nreturn f(1)"), "scripted"),
        (source("if 1:\n    return 1.0\nreturn 2.0"), "scripted"),
        (source("while True:\n    pass"), "scripted"),
        (source('return key.is_one_of(f"a")'), "scripted"),
        (source("def f(x):\n    return x\nreturn f(1)"), "scripted"),
        (HELPER + source("return half(key.length)"), "scripted"),
        ("import numpy as np\n" + source("return 1.0"), "scripted"),
        (source("return 1.0") + "\nX = 1\n", "scripted"),
        ("# len(query) in a comment\n" + source('x = key.is_one_of("len(key)", "range")\nreturn x'), "vectorised"),
        # names of one's own are no calls of Python's functions
        (source("sum = key.is_comma + key.is_quote\nreturn sum"), "vectorised"),
        (source("return range * pair.within(3)", ", range=2.0"), "vectorised"),
    ],
)
def test_kind(text: str, kind: str) -> None:
    program = Program.parse(text)
    assert program.kind == kind
    assert (program.terms == ()) == (kind == "scripted")


def test_several_functions_are_a_scripted_program_named_after_the_last() -> None:
    program = Program.parse(HELPER + source("return half(key.length) * a", ", a=2.0"))
    assert (program.name, program.kind, program.constants) == ("attend", "scripted", {"a": 2.0})
    changed = program.with_constants({"a": 3.0})
    assert changed.source == program.source.replace("a=2.0", "a=3.0")
    with pytest.raises(TypeError, match="attend is scripted"):
        _ = program.compiled


def test_the_program_is_the_function_that_takes_query_key_and_pair() -> None:
    program = Program.parse(source("return 1.0") + "\ndef half(x):\n    return x")
    assert (program.name, program.kind) == ("attend", "scripted")
    assert refusal("def half(x):\n    return x")[0].reason is Reason.SIGNATURE


def test_what_the_sandbox_does_not_allow_is_refused_with_its_line() -> None:
    problems = refusal(source("import os\nreturn pair.zeros()") + "\n\nclass A:\n    pass\n")
    assert [problem.reason for problem in problems] == [Reason.POLICY, Reason.POLICY]
    assert [problem.line for problem in problems] == [3, 7]
    assert "`os` cannot be imported" in problems[0].message
    assert "classes are not available" in problems[1].message


# What is read.

COMMENTED = '''\
# Found by hand; keep this line.
def attend(
    query,
    key,
    pair,
    sink=4.2,  # ünïcode, and a comma: sink=1
    recency = -1_3e-1,
    scale=(2),
):
    """The first token as a sink,
    otherwise the recent past."""
    near = recency * pair.log_distance  # sink=9

    return sink * key.is_first + near / scale
'''


def test_what_a_program_knows_of_itself() -> None:
    program = Program.parse("\n" + COMMENTED + "\n\n")
    assert program.source == COMMENTED
    assert program.name == "attend"
    assert program.hypothesis == "The first token as a sink, otherwise the recent past."
    assert program.constants == {"sink": 4.2, "recency": -1.3, "scale": 2.0}
    assert list(program.constants) == ["sink", "recency", "scale"]
    assert all(type(value) is float for value in program.constants.values())
    assert program.nodes > 10


def test_replacing_constants_keeps_layout_and_comments() -> None:
    program = Program.parse(COMMENTED)
    changed = program.with_constants({"sink": -0.5, "recency": 12.25, "scale": 3})
    expected = (
        COMMENTED.replace("sink=4.2", "sink=-0.5").replace("-1_3e-1", "12.25").replace("scale=(2)", "scale=(3.0)")
    )
    assert changed.source == expected
    assert changed.constants == {"sink": -0.5, "recency": 12.25, "scale": 3.0}
    assert changed.structure == program.structure
    assert program.with_constants({}) == program
    assert changed.with_constants({"sink": 4.2}).source == expected.replace("sink=-0.5", "sink=4.2")


@pytest.mark.parametrize(
    "text",
    [
        source("return a", ",\r\n    a=1.0").replace("\n    return", "\r\n    return"),
        "# \u2028 and \u2029 separators\n" + source("return a", ", a=1.0"),
        source("return a", ', b=2.0,  # "é"\u2028漢\n    a=1.0'),
        source("return a", ", a=-\n    1.0"),
        source("return a", ", a=- (  1.0 )"),
        source("return a", ", a: float=1.0"),
        source("return a", ", a=1.0") + "\nX = [1]\n",
    ],
)
def test_replacing_a_constant_in_odd_layouts(text: str) -> None:
    program = Program.parse(text)
    changed = program.with_constants({"a": 7.5})
    assert changed.constants == program.constants | {"a": 7.5}
    assert changed.structure == program.structure
    assert changed.hypothesis == program.hypothesis
    assert len(changed.source.encode()) <= len(program.source.encode()) + 2


def test_constants_out_of_range() -> None:
    program = Program.parse(COMMENTED)
    for value in (math.nan, math.inf, -math.inf):
        with pytest.raises(ValueError, match="finite"):
            program.with_constants({"sink": value})
    with pytest.raises(ProgramRefused):
        program.with_constants({"sink": 1e31})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"),
        (-0.0, "0.0"),
        (1, "1.0"),
        (-2.5, "-2.5"),
        (0.1, "0.1"),
        (1e-7, "0.0000001"),
        (1e16, "10000000000000000.0"),
        (1 / 3, "0.3333333333333333"),
        (np.float32(0.1), "0.1"),
        (np.float64(1.3), "1.3"),
    ],
)
def test_format_constant(value: float, text: str) -> None:
    assert format_constant(value) == text


def test_formatted_constants_read_back_the_same() -> None:
    generator = np.random.default_rng(0)
    for value in generator.normal(size=500) * 10.0 ** generator.integers(-30, 30, 500):
        assert float(format_constant(float(value))) == value
        single: Any = np.float32(value)
        assert np.float32(format_constant(single)) == single
        assert "e" not in format_constant(float(value))


# Structure.

BASE = source("x = a * key.is_first\nreturn x - b * pair.distance", ", a=1.0, b=2.0")


@pytest.mark.parametrize(
    ("text", "same"),
    [
        (BASE.replace("a=1.0, b=2.0", "a=-9, b=0"), True),
        (BASE.replace("A case.", "Another hypothesis, at length."), True),
        (BASE.replace("attend", "first_and_recent"), True),
        (source("x = first * key.is_first\nreturn x - b0 * pair.distance", ", first=1.0, b0=2.0"), True),
        (source("x = b * key.is_first\nreturn x - a * pair.distance", ", b=1.0, a=2.0"), True),
        (BASE.replace("    return", "    # a comment\n\n    return"), True),
        (BASE.replace("a * key", "(a*key").replace("is_first", "is_first)"), True),
        (BASE.replace("is_first", "is_comma"), False),
        (BASE.replace(" - b", " + b"), False),
        (BASE.replace("pair.distance", "pair.distance * 2"), False),
        (BASE.replace("b * pair", "a * pair"), False),
    ],
)
def test_structure(text: str, same: bool) -> None:
    assert (Program.parse(text).structure == Program.parse(BASE).structure) == same


def test_structure_does_not_take_a_local_name_for_a_constant() -> None:
    one = source("c0 = key.is_comma\nreturn a * c0", ", a=1.0")
    two = source("c0 = key.is_comma\nreturn c0 * c0", ", a=1.0")
    assert Program.parse(one).structure != Program.parse(two).structure


def test_structure_of_arguments_and_literals() -> None:
    structures = {
        Program.parse(source(f"return {body}")).structure
        for body in ("pair.offset(1)", "pair.offset(2)", "1.0", "2.0", 'key.is_one_of("a")', 'key.is_one_of("b")')
    }
    assert len(structures) == 6


def test_structure_includes_helpers() -> None:
    text = HELPER + source("return half(key.length)")
    assert Program.parse(text).structure != Program.parse(text.replace("x / 2", "x / 3")).structure


@pytest.mark.parametrize(
    ("body", "terms"),
    [
        ("return a", 1),
        ("return a * key.is_first", 1),
        ("return a * key.is_first + b * key.is_comma - key.is_quote", 3),
        ("return -(a * key.is_first + b * key.is_comma)", 2),
        ("return a * (key.is_first + key.is_comma)", 1),
        ("return log(a * exp(key.is_first) + b * exp(key.is_comma))", 1),
        ("x = a * key.is_first + b\nreturn x + x", 4),
        ("x = a * key.is_first\nx += b * key.is_comma\nx -= key.is_quote\nreturn x", 3),
        ("x = a + b\nx *= 2\nreturn x - 1", 2),
        ("m = key.is_comma | key.is_quote\nreturn a * m", 1),
    ],
)
def test_terms(body: str, terms: int) -> None:
    assert len(Program.parse(source(body, ", a=1.0, b=2.0")).terms) == terms


@pytest.mark.parametrize(
    ("body", "term"),
    [
        ("return -2.0 * a * key.is_comma * pair.offset(1)",
         ("-2.0 * a", ("key.is_comma", "pair.offset(1)"), "class position")),
        ("return a * key.is_first / 2.0", ("a / 2.0", ("key.is_first",), "position")),
        ("return key.length / b", ("1 / b", ("key.length",), "class")),
        ("return key.length / (1 + pair.distance)", ("1", ("(key.length / (1 + pair.distance))",), "class position")),
        ("return -inf * key.is_comma", ("-inf", ("key.is_comma",), "class")),
        ("m = key.is_comma | key.is_quote\nm &= pair.within(2)\nreturn -(a * m)",
         ("-a", ("((key.is_comma | key.is_quote) & pair.within(2))",), "class position")),
        ("x = key.length\ny = x\nx = exp(x)\nreturn a * y * x", ("a", ("key.length", "exp(key.length)"), "class")),
        ("return a", ("a", (), "")),
    ],
)  # fmt: skip
def test_a_term(body: str, term: tuple[str, tuple[str, ...], str]) -> None:
    (found,) = Program.parse(source(body, ", a=1.0, b=2.0")).terms
    assert (found.constant, found.factors, " ".join(found.families)) == term


def test_an_expression_too_large_to_write_out_keeps_its_name_and_families() -> None:
    (found,) = Program.parse(source("x = key.length\n" + "x = x * x\n" * 15 + "return a * x", ", a=1.0")).terms
    assert found.constant == "a"
    assert set(found.factors) <= {"x", "key.length"}
    assert found.families == ("class",)


def test_structures_of_helpers_that_share_a_constants_name() -> None:
    one, other = (source(f"f = lambda a: {name} + 0.0\nreturn f(2.0)", f", {name}=1.0") for name in "ac")
    assert Program.parse(one).structure != Program.parse(other).structure


def test_terms_of_doubling_sums_are_counted_quickly() -> None:
    program = Program.parse(source("x = 1.0\n" + "x = x + x\n" * 9 + "return x"))
    assert len(program.terms) == 2**9
    for lines in ("x = x + x\n" * 60, "x += x\n" * 500):
        with pytest.raises(ProgramRefused, match="more than 1000 terms"):
            Program.parse(source("x = 1.0\n" + lines + "return x"))


def test_nodes_grow_with_the_program_and_not_with_its_hypothesis() -> None:
    program = Program.parse(BASE)
    assert Program.parse(BASE.replace("A case.", "A case. " * 20)).nodes == program.nodes
    assert Program.parse(BASE.replace("a * key", "a * key.is_comma * key")).nodes > program.nodes
    nodes = program.nodes
    pattern(program, texts())
    assert Program.parse(program.source).nodes == program.nodes == nodes


# Values.


def test_equality_hash_and_pickle() -> None:
    program = Program.parse(COMMENTED)
    pattern(program, texts())  # compiled functions cannot be pickled, and need not be
    copy = pickle.loads(pickle.dumps(program))
    assert copy == program == Program.parse(COMMENTED)
    assert hash(copy) == hash(program)
    assert copy != Program.parse(BASE)
    assert program != COMMENTED
    np.testing.assert_array_equal(pattern(copy, texts()), pattern(program, texts()))


def test_reading_and_compiling_again_changes_nothing() -> None:
    program = Program.parse(COMMENTED)
    before = pattern(program, texts())
    vars(program).pop("compiled")
    np.testing.assert_array_equal(pattern(program, texts()), before)
    assert Program.parse(program.source) == program


def test_an_odd_escape_in_the_docstring_is_no_concern() -> None:
    assert Program.parse(source("return 1.0").replace("A case.", r"A \d case.")).hypothesis == r"A \d case."


@pytest.mark.parametrize("value", [2, 2.0, np.float64(2), np.array(2.0), np.array(2, dtype=np.int64)])
@pytest.mark.parametrize("tensors", [False, True])
def test_constants_given_as_any_number_stay_float32(value: float, tensors: bool) -> None:
    program = Program.parse(source("return exp(a) * key.is_comma + minimum(a, pair.distance)", ", a=1.0"))
    batch = Texts.from_lists([golden.IDS], golden.table(), causal=True, torch_tensors=tensors)
    found = np.asarray(pattern(program, batch, constants={"a": value}))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.asarray(pattern(program.with_constants({"a": 2.0}), texts())), atol=1e-6)


@pytest.mark.parametrize("character", ["\u00a0", "\u200b", "\u3000"])
def test_a_formatted_string_may_hold_any_character(character: str) -> None:
    """Python 3.11 cannot write such a tree as source."""
    text = source(f"names = [f\"{{t.replace('{character}', '')}}\" for t in query.text]\nreturn float(len(names))")
    assert Program.parse(text).structure != Program.parse(text.replace("float", "int")).structure
