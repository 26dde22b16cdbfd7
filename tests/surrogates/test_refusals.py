"""What is refused and with which words, and that reading a program never runs it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest

from surrogates.errors import ProgramFailed
from surrogates.language.features import Texts
from surrogates.language.patterns import pattern
from surrogates.language.program import MAX_DEPTH, Program, ProgramRefused
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


# What is refused.

CONSTANTS = ", ".join(f"c{number}=1.0" for number in range(65))
LOOP = "scores = pair.zeros()\nfor i in range(len(query)):\n    scores[i, 0] = 1.0\n"
REFUSED: list[tuple[str, Reason, int, str]] = [
    # the source
    ("def attend(query, key, pair:\n    pass", Reason.SYNTAX, 1, "syntax error"),
    ('def attend(query, key, pair):\n    """H."""\n  return 1', Reason.SYNTAX, 3, "unindent"),
    (source("return 1 +"), Reason.SYNTAX, 3, "invalid syntax"),
    (source("return key.is_comma\x00"), Reason.SYNTAX, 3, "U+0000"),
    ("\ud800", Reason.SYNTAX, 1, "half of a character (U+D800)"),
    ("```python\n" + source("return 1.0") + "```", Reason.SYNTAX, 1, "syntax"),
    ("", Reason.SIGNATURE, 1, "write one function"),
    ("scores = 1", Reason.SIGNATURE, 1, "write one function"),
    ("attend = lambda query, key, pair: 1", Reason.SIGNATURE, 1, "write one function"),
    ('async def attend(query, key, pair):\n    """H."""\n    return 1', Reason.SIGNATURE, 1, "write one function"),
    (source("return key.is_comma  # \x1b[2J"), Reason.SYNTAX, 3, "commands a terminal (U+001B)"),
    (source("return key.is_comma  # \u202e"), Reason.SYNTAX, 3, "commands a terminal (U+202E)"),
    (source("return key.is_comma\n\n\n# \x9b31m"), Reason.SYNTAX, 6, "commands a terminal (U+009B)"),
    (source("return key.is_one_of('\x07')"), Reason.SYNTAX, 3, "write it as an escape"),
    # the size
    ("# " + "x" * 40_000 + "\n" + source("return 1.0"), Reason.SIZE, 1, "characters, over 40,000;"),
    (source("x = key.is_comma + 1.0\n" * 500 + "return x"), Reason.SIZE, 1, "over 4,000 nodes"),
    (source(LOOP + "scores[0, 0] = 1.0\n" * 400 + "return scores"), Reason.SIZE, 1, "over 4,000 nodes"),
    (source("return 1.0", ", " + CONSTANTS), Reason.SIGNATURE, 1, "65 constants; write at most 64"),
    (source(LOOP + "return scores", ", " + CONSTANTS), Reason.SIGNATURE, 1, "65 constants; write at most 64"),
    # the signature
    ('def attend(key, query, pair):\n    """H."""\n    return 1.0', Reason.SIGNATURE, 1, "in this order"),
    ('def attend():\n    """H."""\n    return 1.0', Reason.SIGNATURE, 1, "in this order"),
    ('\n\ndef attend(q, k, p):\n    """H."""\n    return 1.0', Reason.SIGNATURE, 3, "in this order"),
    (source("return 1.0", ", sink"), Reason.SIGNATURE, 1, "numeric default"),
    ('def attend(query, key, pair=1, a=2):\n    """H."""\n    return 1.0', Reason.SIGNATURE, 1, "numeric default"),
    (source("return 1.0", ", *rest"), Reason.SIGNATURE, 1, "drop `/`"),
    (source("return 1.0", ", **rest"), Reason.SIGNATURE, 1, "drop `/`"),
    (source("return 1.0", ", *, a=1.0"), Reason.SIGNATURE, 1, "drop `/`"),
    (source("return 1.0", ", /, a=1.0"), Reason.SIGNATURE, 1, "drop `/`"),
    (source("return 1.0", ', a="1.0"'), Reason.SIGNATURE, 1, "`a` must be a number"),
    (source("return 1.0", ",\n    a=True"), Reason.SIGNATURE, 2, "`a` must be a number"),
    (source("return 1.0", ", a=None"), Reason.SIGNATURE, 1, "`a` must be a number"),
    (source("return 1.0", ", a=1 + 1"), Reason.SIGNATURE, 1, "`a` must be a number"),
    (source("return 1.0", ", a=inf"), Reason.SIGNATURE, 1, "`a` must be a number"),
    (source("return 1.0", ", a=1e31"), Reason.SIGNATURE, 1, "`a` must be a number"),
    (source("return 1.0", ", a=1e999"), Reason.SIGNATURE, 1, "`a` must be a number"),
    (source("return 1.0", ", a=2j"), Reason.SIGNATURE, 1, "`a` must be a number"),
    (source("return 1.0", ", a=lambda: 1"), Reason.SIGNATURE, 1, "`a` must be a number"),
    (source("return 1.0", ", a=(b := 1)"), Reason.SIGNATURE, 1, "`a` must be a number"),
    (source("return 1.0", ", a=1" + "0" * 400), Reason.EXPRESSION, 1, "above 1e30"),
    (source("return 1.0", ", exp=1.0"), Reason.SIGNATURE, 1, "`exp` cannot name"),
    (source("return 1.0", ", inf=1.0"), Reason.SIGNATURE, 1, "`inf` cannot name"),
    (source("return 1.0", ", _a=1.0"), Reason.SIGNATURE, 1, "`_a` cannot name"),
    (source("return 1.0", ", a=1.0,\n    a=2.0"), Reason.SIGNATURE, 2, "twice"),
    ("@cache\n" + source("return 1.0"), Reason.SIGNATURE, 2, "decorator"),
    # the docstring
    ("def attend(query, key, pair):\n    return 1.0", Reason.DOCSTRING, 1, "hypothesis"),
    ('\ndef attend(query, key, pair):\n    """ """\n    return 1.0', Reason.DOCSTRING, 2, "hypothesis"),
    ("def attend(query, key, pair):\n    for i in key:\n        pass", Reason.DOCSTRING, 1, "hypothesis"),
    # statements
    ('\n\ndef attend(query, key, pair):\n    """H."""', Reason.STATEMENT, 3, "empty"),
    (source("near = pair.within(1)"), Reason.STATEMENT, 3, "must return the scores"),
    (source("return"), Reason.STATEMENT, 3, "must return the scores"),
    (source("return 1.0\nreturn 2.0"), Reason.STATEMENT, 3, "only once"),
    (source("key.is_comma\nreturn 1.0"), Reason.STATEMENT, 3, "`expr` is not available"),
    (source("pass\nreturn 1.0"), Reason.STATEMENT, 3, "`pass`"),
    (source("x = 1.0\ndel x\nreturn 1.0"), Reason.STATEMENT, 4, "`delete`"),
    (source("assert key\nreturn 1.0"), Reason.STATEMENT, 3, "`assert`"),
    (source("raise key\nreturn 1.0"), Reason.STATEMENT, 3, "`raise`"),
    (source("global x\nreturn 1.0"), Reason.STATEMENT, 3, "`global`"),
    (source("class A: pass\nreturn 1.0"), Reason.STATEMENT, 3, "`classdef`"),
    (source("match 1:\n    case _: pass\nreturn 1.0"), Reason.STATEMENT, 3, "`match`"),
    (source("a = b = 1.0\nreturn a"), Reason.STATEMENT, 3, "one plain name"),
    (source("x: float = 1.0\nreturn x"), Reason.STATEMENT, 3, "one plain name"),
    (source("key.is_comma = 1.0\nreturn 1.0"), Reason.STATEMENT, 3, "one plain name"),
    (source("key.length += 1.0\nreturn 1.0"), Reason.STATEMENT, 3, "one plain name"),
    # names
    (source("a = 1.0\nreturn a", ", a=2.0"), Reason.NAME, 3, "`a` is taken"),
    (source("a += 1.0\nreturn a", ", a=2.0"), Reason.NAME, 3, "`a` is taken"),
    (source("key = 1.0\nreturn key"), Reason.NAME, 3, "`key` is taken"),
    (source("exp = 1.0\nreturn exp"), Reason.NAME, 3, "`exp` is taken"),
    (source("_x = 1.0\nreturn _x"), Reason.NAME, 3, "underscore"),
    (source("return sink * key.is_first"), Reason.NAME, 3, "`sink` is not defined"),
    (source("x += 1.0\nreturn x"), Reason.NAME, 3, "`x` is not defined"),
    (source("return exp"), Reason.NAME, 3, "is a function; call it"),
    (source("return softmax(key.length)"), Reason.NAME, 3, "available: exp, log"),
    (source("return print(1)"), Reason.NAME, 3, "no function `print`"),
    (source("return eval(1)"), Reason.NAME, 3, "no function `eval`"),
    (source("return _number(1)"), Reason.NAME, 3, "no function `_number`"),
    (source("return _constants"), Reason.NAME, 3, "`_constants` is not defined"),
    (source("return __builtins__"), Reason.NAME, 3, "`__builtins__` is not defined"),
    # features
    (source("return key.is_verb"), Reason.FEATURE, 3, "`query` and `key` has no feature `is_verb`"),
    (source("return key.distance"), Reason.FEATURE, 3, "`pair.distance` exists"),
    (source("return pair.is_comma"), Reason.FEATURE, 3, "`key.is_comma` exists"),
    (source("return pair.previous"), Reason.FEATURE, 3, "no feature `previous`"),
    (source("return key.is_comma.previous"), Reason.FEATURE, 3, "only query, key and pair"),
    (source("return key.__class__"), Reason.FEATURE, 3, "__class__"),
    (source("return key.previous.__class__.__mro__"), Reason.FEATURE, 3, "__class__"),
    (source("return pair._texts"), Reason.FEATURE, 3, "_texts"),
    (source("return key._texts.table"), Reason.FEATURE, 3, "_texts"),
    (source("return key._aim(1)"), Reason.FEATURE, 3, "_aim"),
    (source("return pair.__getattr__(1)"), Reason.FEATURE, 3, "__getattr__"),
    (source("return (1).__class__"), Reason.FEATURE, 3, "only query, key and pair"),
    (source("return exp.__globals__"), Reason.FEATURE, 3, "only query, key and pair"),
    (source("return pair.offset(1).data"), Reason.FEATURE, 3, "only query, key and pair"),
    # arguments
    (source("return pair.offset"), Reason.ARGUMENT, 3, "`pair.offset(1)`"),
    (source("return key.is_one_of"), Reason.ARGUMENT, 3, "is_one_of("),
    (source("return pair.offset()"), Reason.ARGUMENT, 3, "one whole number"),
    (source("return pair.offset(1.5)"), Reason.ARGUMENT, 3, "one whole number"),
    (source("return pair.offset(True)"), Reason.ARGUMENT, 3, "one whole number"),
    (source('return pair.offset("1")'), Reason.ARGUMENT, 3, "one whole number"),
    (source("return pair.within(a)", ", a=2"), Reason.ARGUMENT, 3, "`pair.within(4)`"),
    (source("return pair.within(100001)"), Reason.ARGUMENT, 3, "one whole number"),
    (source("return pair.within(1, 2)"), Reason.ARGUMENT, 3, "one whole number"),
    (source("return pair.within(k=1)"), Reason.ARGUMENT, 3, "by position"),
    (source("return key.is_one_of()"), Reason.ARGUMENT, 3, "1 to 16 strings"),
    (source("return key.is_one_of(1)"), Reason.ARGUMENT, 3, "1 to 16 strings"),
    (source('return key.is_one_of(b"a")'), Reason.ARGUMENT, 3, "1 to 16 strings"),
    (source("return key.is_one_of(" + ", ".join(["'a'"] * 17) + ")"), Reason.ARGUMENT, 3, "1 to 16 strings"),
    (source("return key.is_comma()"), Reason.ARGUMENT, 3, "drop the brackets"),
    (source("return pair.latest()"), Reason.ARGUMENT, 3, "takes one mask"),
    (source("return pair.latest(query.is_comma)"), Reason.ARGUMENT, 3, "mask of keys or pairs"),
    (source("return pair.latest(1 > 0)"), Reason.ARGUMENT, 3, "mask of keys or pairs"),
    (source("return exp(1, 2)"), Reason.ARGUMENT, 3, "takes 1 argument"),
    (source("return where(key.is_comma, 1)"), Reason.ARGUMENT, 3, "takes 3 arguments"),
    (source("return clip(key.length, low=1, high=2)"), Reason.ARGUMENT, 3, "by position"),
    (source("return exp(*key)"), Reason.ARGUMENT, 3, "by position"),
    # types
    (source("return key"), Reason.TYPE, 3, "name one of its features"),
    (source("return key.previous + 1"), Reason.TYPE, 3, "name one of its features"),
    (source("x = query\nreturn x.is_comma"), Reason.TYPE, 3, "name one of its features"),
    (source("return ~key.length"), Reason.TYPE, 3, "`~` takes masks"),
    (source("return key.length & key.is_comma"), Reason.TYPE, 3, "masks on both sides"),
    (source("return key.is_comma | 1"), Reason.TYPE, 3, "masks on both sides"),
    (source("return key.length > 1 & key.is_comma"), Reason.TYPE, 3, "put comparisons in brackets"),
    (source("m = key.is_comma\nm += 1\nm &= key.is_quote\nreturn m"), Reason.TYPE, 5, "masks on both sides"),
    (source("return where(key.length, 1, 2)"), Reason.TYPE, 3, "compare it"),
    (source("return pair.latest(key.length)"), Reason.TYPE, 3, "compare it"),
    # expressions
    (source("return key.is_comma and key.is_quote"), Reason.EXPRESSION, 3, "`&` and `|`"),
    (source("return not key.is_comma"), Reason.EXPRESSION, 3, "`~mask`"),
    (source("return 1 < key.length < 3"), Reason.EXPRESSION, 3, "(a < b) & (b < c)"),
    (source("return 1 if key.is_comma else 0"), Reason.EXPRESSION, 3, "where(c, x, y)"),
    (source("return key.is_comma in pair"), Reason.EXPRESSION, 3, "`in` and `is`"),
    (source("return key is query"), Reason.EXPRESSION, 3, "`in` and `is`"),
    (source("return key.length % 2"), Reason.EXPRESSION, 3, "only + - * / ** & |"),
    (source("return key.length // 2"), Reason.EXPRESSION, 3, "only + - * / ** & |"),
    (source("return key.length @ key.length"), Reason.EXPRESSION, 3, "only + - * / ** & |"),
    (source("return key.is_comma ^ key.is_quote"), Reason.EXPRESSION, 3, "only + - * / ** & |"),
    (source("return 1 << 9"), Reason.EXPRESSION, 3, "only + - * / ** & |"),
    (source("return True"), Reason.EXPRESSION, 3, "True and False"),
    (source("return None"), Reason.EXPRESSION, 3, "None is not available"),
    (source('return "1.0"'), Reason.EXPRESSION, 3, "only numbers are"),
    (source('return key.length == "a"'), Reason.EXPRESSION, 3, "only numbers are"),
    (source("return 1j"), Reason.EXPRESSION, 3, "only numbers are"),
    (source("return ..."), Reason.EXPRESSION, 3, "only numbers are"),
    (source("return 1e31"), Reason.EXPRESSION, 3, "write inf"),
    (source("return 0x" + "f" * 9000), Reason.EXPRESSION, 3, "write inf"),
    (source("return where(0x" + "f" * 9000 + ", 1, 2)"), Reason.EXPRESSION, 3, "write inf"),
    (source("return [0x" + "f" * 9000 + "]"), Reason.EXPRESSION, 3, "write inf"),
    (source("return (x := 1.0)"), Reason.EXPRESSION, 3, "x := 1.0"),
    (source("return (yield)"), Reason.EXPRESSION, 3, "yield"),
    (source("return (await key)"), Reason.EXPRESSION, 3, "await"),
    (source("return exp(1)(2)"), Reason.EXPRESSION, 3, "by its name"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "reason", "line", "fragment"), REFUSED)
def test_refused(text: str, reason: Reason, line: int, fragment: str) -> None:
    found = refusal(text)
    assert any(p.reason is reason and p.line == line and fragment in p.message for p in found), found
    assert [p.line for p in found] == sorted(p.line for p in found)


def test_every_problem_is_reported_at_once_with_its_line() -> None:
    found = refusal(source("x = key.is_verb\ny = 1 < x < 2\nreturn x and sink", ", exp=1.0"))
    assert [(p.line, p.reason) for p in found] == [
        (1, Reason.SIGNATURE),
        (3, Reason.FEATURE),
        (4, Reason.EXPRESSION),
        (5, Reason.EXPRESSION),
    ]
    with pytest.raises(ProgramRefused, match=r"line 1: .*; line 3: .*; line 4: "):
        Program.parse(source("x = key.is_verb\ny = 1 < x < 2\nreturn x", ", exp=1.0"))


def test_lines_are_those_of_the_source_as_given() -> None:
    assert refusal("\n\n# a comment\n" + source("return key.is_verb"))[0].line == 6


@pytest.mark.parametrize(
    "expression",
    ["exp(" * 5000 + "1" + ")" * 5000]
    + [
        text
        for n in (MAX_DEPTH, 350, 900, 5000, 50_000)
        for text in ("key" + ".previous" * n + ".is_comma", "-" * n + "1", "+".join(["1"] * n), "(" * n + "1" + ")" * n)
    ],
    ids=lambda text: f"{text[:12]}, {len(text)}",
)
def test_deep_nesting(expression: str) -> None:
    text = source(f"return {expression}")
    if expression.startswith("(") and len(expression) < 400:
        assert len(Program.parse(text).terms) == 1  # brackets leave nothing in the tree
    else:
        refusal(text)


def deeper(frames: int, function: Callable[[], T]) -> T:
    return function() if frames == 0 else deeper(frames - 1, function)


@pytest.mark.parametrize("operand", ["1.0", "-key.is_comma", "log(2 * pair.distance)"])
def test_nesting_that_is_accepted_compiles_in_a_deep_stack(operand: str) -> None:
    text = source("return " + " + ".join([operand] * (MAX_DEPTH - 10)))
    program = deeper(sys.getrecursionlimit() // 3, lambda: Program.parse(text))
    assert len(program.terms) == MAX_DEPTH - 10
    deeper(sys.getrecursionlimit() // 3, lambda: pattern(program, texts()))


# What is never run.

WITNESS = "__import__('pathlib').Path('WITNESS').touch()"


@pytest.mark.parametrize(
    "text",
    [
        source(f"return {WITNESS}"),
        source(f"x = {WITNESS}\nreturn 1.0"),
        source("return 1.0", f", a={WITNESS}"),
        source("return 1.0", f", a=lambda: {WITNESS}"),
        source("return 1.0", f", a: {WITNESS} = 1.0"),
        source("return 1.0").replace("):", f") -> {WITNESS}:"),
        f"@{WITNESS}\n" + source("return 1.0"),
        source(f'return key.is_one_of(f"{{{WITNESS}}}")'),
        source(f"return key.is_one_of(*{WITNESS})"),
        source(f"return [1 for _ in {WITNESS}]"),
        source(f"return exp(1)({WITNESS})"),
        source("return 1.0") + f"\n{WITNESS}\n",
        f"{WITNESS}\n" + source("return 1.0"),
        f"class A:\n    x = {WITNESS}\n" + source("return 1.0"),
        f"def helper(x={WITNESS}):\n    return x\n" + source("return 1.0"),
        source("return ().__class__.__base__.__subclasses__()"),
        source("return key.__class__.__init__.__globals__"),
        source("return getattr(key, 'length')"),
        source('return "{0.__class__}".format(key)'),
    ],
)
def test_reading_and_evaluating_run_nothing(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        program = Program.parse(text)
    except ProgramRefused:
        program = None
    if program is not None and program.kind == "vectorised":
        pattern(program, texts())
    elif program is not None:
        with pytest.raises(TypeError, match="sandbox"):
            _ = program.compiled
    assert not list(tmp_path.iterdir())


# Evaluates programs where what computes for long is killed: a whole number of Python's with so many digits never ends.
LIMITED = """
import resource, sys

from surrogates.errors import ProgramFailed
from surrogates.language.features import Texts
from surrogates.language.patterns import pattern
from surrogates.language.program import Program
from surrogates.language.tokens import TokenTable

resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
for source in sys.argv[1:]:
    texts = Texts.from_lists([[0, 1]], TokenTable.from_surfaces(["a", "b"], set()), causal=True)
    try:
        print(pattern(Program.parse(source), texts)[0, 1].tolist())
    except ProgramFailed as failure:
        print(failure)
"""
EVEN, NO_NUMBER = "[0.5, 0.5]", "attend: a score in a visible cell is not a number"
LITERALS = {
    "9**9**9**9": NO_NUMBER,
    "-9**9**9": EVEN,
    "2**-(9**9**9)": EVEN,
    "(9**9**9 > 0) * 1": EVEN,
    "1 / 0": NO_NUMBER,
    "0 / 0": NO_NUMBER,
}


def test_literals_are_numbers_of_bounded_size() -> None:
    programs = [source(f"return {expression}") for expression in LITERALS]
    ended = subprocess.run([sys.executable, "-c", LIMITED, *programs], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert dict(zip(LITERALS, ended.stdout.splitlines(), strict=True)) == LITERALS


def test_identifiers_are_normalised_like_pythons() -> None:
    # Python reads ｋey as key (NFKC), and so must the check.
    found = pattern(Program.parse(source("return ｋey.is_comma")), texts())
    np.testing.assert_array_equal(found, pattern(Program.parse(source("return key.is_comma")), texts()))
    assert refusal(source("return key._ｔexts"))[0].reason is Reason.FEATURE


def test_namespace_of_a_compiled_program_has_no_builtins() -> None:
    compiled = Program.parse(source("return 1.0")).compiled["numpy"]
    assert compiled.__globals__["__builtins__"] == {}


def test_infinite_and_undefined_scores_fail_without_a_warning() -> None:
    for body in ("inf * key.is_first", "key.is_comma / key.is_comma", "where(pair.within(0), inf, 0)", "-inf + inf"):
        with pytest.raises(ProgramFailed, match="attend: a score in a visible cell is not a number"):
            pattern(Program.parse(source(f"return {body}")), texts())


def test_a_refusal_stays_short_however_much_is_wrong() -> None:
    problems = refusal(source("x = open\n" * 300 + "return x"))
    assert len(problems) == 300
    with pytest.raises(ProgramRefused) as caught:
        Program.parse(source("x = open\n" * 300 + "return x"))
    assert str(caught.value).endswith("; and 292 more")


@pytest.mark.parametrize("escape", [r"\x1b[2J", r"\ud83d", r"\x9b31m", r"\u202e", r"\x00"])
def test_a_hypothesis_holds_nothing_that_commands_a_terminal(escape: str) -> None:
    program = Program.parse(source("return 1.0").replace("A case.", f"A {escape} case."))
    assert program.hypothesis.isprintable()
    program.hypothesis.encode("utf-8")


def test_a_byte_order_mark_in_front_is_no_mistake() -> None:
    assert Program.parse("\ufeff" + source("return 1.0")) == Program.parse(source("return 1.0"))
