"""The page reads a program's source as Python does, refuses what it refuses, and writes what it would."""

import ast
import json
import math
import random
from typing import Any

import pytest
from playwright.sync_api import Page

from evaluation.report.vocabulary import vocabulary_value
from surrogates.language.program import Program, ProgramRefused, format_constant
from surrogates.language.validation import Reason
from tests.random_programs import RandomPrograms
from tests.search_written import search_written
from tests.surrogates import golden
from tests.surrogates.golden_fitted import FITTED_CASES
from tests.surrogates.test_refusals import REFUSED, source

_READ = """async ({ vocabulary, causal, sources }) => {
  const { read } = await import("report/language/program.js");
  return JSON.parse(sources).map((source) => {
    try {
      const { name, hypothesis, constants, calls, terms, source: own } = read(source, vocabulary, { causal });
      const shown = terms.map((term) => ({ ...term, factors: null }));
      return { source: own, name, hypothesis, constants, calls, terms: shown };
    } catch (error) {
      if (error.name !== "SourceError") throw error;
      const problems = (error.problems ?? [error]).map(({ line, message }) => [line, message]);
      return { line: error.line, column: error.column, message: error.message, scripted: error.scripted, problems };
    }
  });
}"""
_WRITE = """async ({ vocabulary, edits }) => {
  const { read } = await import("report/language/program.js");
  const write = await import("report/language/write.js");
  return JSON.parse(edits).map(({ source, put, add, drop }) => {
    let program = read(source, vocabulary, { causal: true });
    const entries = ({ knots, words, classes }) => [...knots, ...words, ...classes];
    const places = [...program.constants, ...program.calls.flatMap(entries)];
    let text = program.source;
    if (put) text = write.withLiterals(text, places.map(({ start, end }, at) => ({ start, end, value: put[at] })));
    if (add) text = write.withEntry(text, program.calls[0], ...add);
    if (drop) text = write.withoutEntry(text, program.calls[0], ...drop);
    return text;
  });
}"""


def read(page: Page, sources: list[str], *, causal: bool = True) -> list[dict[str, Any]]:
    """What the page makes of each source, or what it says against it."""
    given = {"vocabulary": vocabulary_value(causal, ()), "causal": causal, "sources": json.dumps(sources)}
    return page.evaluate(_READ, given)


def write(page: Page, edits: list[dict[str, Any]]) -> list[str]:
    """The sources that edits make; ``put`` gives the values of all constants in their order."""
    return page.evaluate(_WRITE, {"vocabulary": vocabulary_value(True, ()), "edits": json.dumps(edits)})


# What is refused.


def is_scripted(text: str) -> bool:
    """Whether a source has what only scripted programs have."""
    try:
        nodes = [node for statement in ast.parse(text).body[0].body for node in ast.walk(statement)]  # type: ignore[attr-defined]
    except (SyntaxError, ValueError, IndexError, AttributeError, RecursionError):
        return False
    return any(isinstance(node, ast.For | ast.List) for node in nodes)


def test_what_python_refuses_is_refused_at_the_same_line(modules: Page) -> None:
    for (text, reason, line, fragment), found in zip(REFUSED, read(modules, [r[0] for r in REFUSED]), strict=True):
        assert found.get("scripted") is is_scripted(text), text
        if found["scripted"]:
            assert found["message"].startswith("scripted: runs only in the sandbox"), text
            continue
        with pytest.raises(ProgramRefused) as caught:
            Program.parse(text)
        assert found["line"] == caught.value.problems[0].line, text
        told = [message for own, message in found["problems"] if own == line]
        # Of what is no Python, Python says something else in every version.
        assert any(fragment in message or reason is Reason.SYNTAX for message in told), (text, found)


LARGE = ["+".join(["1"] * n) for n in (80, 97, 98, 101, 350, 5000)] + ["(" * n + "1" + ")" * n for n in (100, 250)]
LARGE += ["key" + ".previous" * n + ".is_comma" for n in (90, 100)] + ["-" * n + "1" for n in (90, 100, 3000, 30_000)]
LARGE += ["log(" * n + "1" + ")" * n for n in (97, 98, 190)]


@pytest.mark.parametrize("text", LARGE, ids=lambda text: f"{text[:12]}, {len(text)}")
def test_large_sources_are_refused_where_python_refuses_them(text: str, modules: Page) -> None:
    wanted: tuple[int | None, int | None]
    try:
        Program.parse(source(f"return {text}"))
    except ProgramRefused as refused:
        # What is too deep for Python's own parser is told of line 1, and how deep that is depends on its version.
        wanted = (refused.problems[0].line, 3)
    else:
        wanted = (None, None)
    assert read(modules, [source(f"return {text}")])[0].get("line") in wanted


SCRIPTED = [
    "import math\n" + source("return 1.0"),
    source("return 1.0") + "\n\ndef other(x):\n    return x\n",
    source("s = pair.zeros()\nreturn s"),
    source('return sum([t == "a" for t in key.text])'),
    source("return key.length[0]"),
    source("if 1:\n    return 1.0\nelse:\n    return 2.0"),
    source("return max(key.length, 1)"),
    source("return {1: 2}"),
    source('return f"{key}"'),
    source("return (lambda x: x)(1)"),
]


def test_scripted_programs_are_told_from_wrong_ones(modules: Page) -> None:
    for text, found in zip(SCRIPTED, read(modules, SCRIPTED), strict=True):
        assert found.get("scripted"), (text, found)


def test_every_problem_is_told_with_its_line_and_the_first_with_its_column(modules: Page) -> None:
    text = "\n\n" + source("x = key.is_verb\ny = 1 < x < 2\nreturn x and sink", ", exp=1.0")
    found = read(modules, [text])[0]
    assert [line for line, _ in found["problems"]] == [3, 5, 6, 7]
    found = read(modules, [source("x = 1.0\nreturn x + key.is_verb")])[0]
    assert (found["line"], found["column"]) == (4, 16)


@pytest.mark.parametrize(("body", "fragment"), [
    ("key.is_last", "encoders only"), ("weights(key, {}, is_last=1)", "encoders only"),
    ("key.like_cat", "no cluster of this run's words"), ("weights(key, {}, like_cat=1)", "knows no class `like_cat`"),
])  # fmt: skip
def test_what_has_no_value_for_the_model_is_refused(body: str, fragment: str, modules: Page) -> None:
    assert fragment in read(modules, [source(f"return {body}")])[0]["message"]
    assert ("last" in body) == ("terms" in read(modules, [source(f"return {body}")], causal=False)[0])


WRONG_CALLS = [
    "curve(pair.distance)", "curve(pair.distance, {0: 1})", "curve(pair.distance, {1: 1, 0: 2})", "weights(key, {})",
    "curve(pair.distance, {0: 1, 1e-9: 2})", "curve(pair.distance, {1: 1, 1: 2})",
    "curve(pair.distance, {0: 1, a: 2})", "curve(pair.distance, {0: 1, 2: a})",
    "curve(pair.distance, {0: 1, 2: 3}, b=1)", "curve(pair.distance, {**a, 2: 3})", "weights(pair, {'a': 1})",
    "weights(key.length, {'a': 1})", "weights(key, {'a': 1, 'a': 2})", "weights(key, {1: 1})",
    "weights(key, {'a': '1'})", "weights(key, {}, length=1)", "weights(key, {}, is_verb=1)", "weights({'a': 1}, key)",
    "weights(key, {}, is_one_of=1)", "weights(key, {}, **a)", "weights(key, {}, is_comma=1, is_comma=2)", "curve",
    f"curve(pair.distance, {dict.fromkeys(range(10), 1)})",
    f"weights(key, {dict.fromkeys('abcdefghijklmnopqrstuvwxyz', 1)})",
]  # fmt: skip


def test_wrong_calls_of_curve_and_weights_are_refused_with_the_same_words(modules: Page) -> None:
    sources = [source(f"return {call}", ", a=1.0") for call in WRONG_CALLS]
    for text, found in zip(sources, read(modules, sources, causal=False), strict=True):
        with pytest.raises(ProgramRefused) as caught:
            Program.parse(text)
        assert found["problems"] == [[problem.line, problem.message] for problem in caught.value.problems]


# What is read.

ODD = """
# A comment in front.
def  attend ( query,key, pair , a = 1_000 , # another
             b=.5, c=-1e-3,):
\tr'''The first
\t   of tokens \\d.'''
\tm = key.is_one_of("it" 's', "\\u00e9\\t\\x41\\101", '\\
x'); n = m & ~ key.is_comma | pair.within ( -3 )
\tn = n \\
\t\t& m
\ts = - a * - m ** - 2 ** b / 3. # -(a) * ...
\ts -= (b
\t   - c) * (n
\t) + +key.length
\ts *= 2
\treturn s + (key.index < 3) + weights(key.previous, {"a" : - 1, r"\\n": +.5,}, is_comma = 2 ,) - 1 / 2 * a
"""


def test_programs_are_read_as_python_reads_them(modules: Page) -> None:
    draw = RandomPrograms(11)
    cases = golden.CASES + FITTED_CASES
    sources = [ODD, *(case.source for case in cases), *(draw.source() for _ in range(100))]
    sources += [program.source for program in search_written(3, ["Tom", "it's", '"', "\\", "\n", "é", "\u200b", "👍"])]
    for text, found in zip(sources, read(modules, sources, causal=False), strict=True):
        program = Program.parse(text)
        assert (found["source"], found["name"]) == (program.source, program.name)
        assert found["hypothesis"] == program.hypothesis
        entries = [entry for call in found["calls"] for kind in ("knots", "words", "classes") for entry in call[kind]]
        assert [entry["value"] for entry in found["constants"] + entries] == list(program.constants.values())
        own = [(term.constant, *term.factors) for term in program.terms]
        # Versions of Python differ in brackets that they write.
        same = [[ast.dump(ast.parse(part)) for part in parts] for parts in own]
        shown = [[term["scale"], *term["factorTexts"]] for term in found["terms"]]
        assert [[ast.dump(ast.parse(part)) for part in parts] for parts in shown] == same, text


def test_sums_that_double_with_every_line_are_bounded(modules: Page) -> None:
    doubled = "s = key.is_comma + key.length\n" + "s = s * s\n" * 40 + "return s"
    summed = "s = key.is_comma + key.length\n" + "s += s\n" * 20 + "return s"
    found, refused = read(modules, [source(doubled), source(summed)])
    assert len(found["terms"]) == Program.parse(source(doubled)).parts == 1
    assert len(found["terms"][0]["text"]) < 50_000
    assert "more than 1,000 terms" in refused["message"]


def test_what_a_term_can_be_drawn_as(modules: Page) -> None:
    kinds = {
        "a * pair.offset(1) * key.is_comma": "mask",
        "-curve(pair.distance, {0: 1, 4: 2}) * key.is_first": "curve",
        "a / 2 * weights(key.previous, {'a': 1})": "weights",
        "weights(query, {'a': 1}) * weights(key, {}, is_comma=1) * ~pair.offset(0)": "pairing",
        "a * pair.log_distance": "other",
        "log(weights(key, {'a': 1}))": "other",
        "a": "other",
    }
    found = read(modules, [source(f"return {' + '.join(kinds)}", ", a=1.0")])[0]
    assert [term["kind"] for term in found["terms"]] == list(kinds.values())
    assert [term["calls"] for term in found["terms"]] == [[], [0], [1], [2, 3], [], [4], []]
    curve, weights, *_ = found["calls"]
    assert (curve["name"], curve["side"], curve["shift"]) == ("curve1", None, 0)
    assert (weights["name"], weights["side"], weights["shift"]) == ("weights2", "key", 1)


# What is written.


def test_other_values_are_written_as_python_writes_them(modules: Page) -> None:
    draw = random.Random(5)
    texts = [ODD, *(case.source for case in golden.LANGUAGE_CASES + FITTED_CASES if case.causal)]
    programs = [Program.parse(text) for text in texts]
    odd = (0.0, -0.0, 3.0, 1e-7, -12345678901234567890.0)
    values = [[draw.choice([*odd, draw.gauss(0, 3)]) for _ in program.constants] for program in programs]
    edits = [{"source": text, "put": put} for text, put in zip(texts, values, strict=True)]
    for program, put, found in zip(programs, values, write(modules, edits), strict=True):
        assert found == program.with_constants(dict(zip(program.constants, put, strict=True))).source


def test_numbers_are_written_as_python_writes_them(modules: Page) -> None:
    draw = random.Random(9)
    numbers = [math.copysign(10 ** draw.uniform(-12, 25), draw.random() - 0.5) for _ in range(300)]
    numbers += [round(draw.gauss(0, 5), 2) for _ in range(300)] + [1e22, 1e21, 5e-324, 1.7976931348623157e308, 100.0]
    script = """async (numbers) => {
      const { formatConstant } = await import("report/language/write.js");
      return numbers.map(formatConstant);
    }"""
    assert modules.evaluate(script, numbers) == [format_constant(number) for number in numbers]


def test_words_are_added_and_removed(modules: Page) -> None:
    def weights(call: str) -> str:
        return source(f"return {call}")

    def edited(call: str, **edit: Any) -> str:
        found = write(modules, [{"source": weights(call), **edit}])[0]
        Program.parse(found)
        return found.removeprefix(weights("")[:-1]).strip()

    both = "weights(key, {'a': 1, 'b': -2}, is_comma=3)"
    assert edited(both, add=["words", "it's", 0.5]) == """weights(key, {'a': 1, 'b': -2, "it's": 0.5}, is_comma=3)"""
    assert edited(both, add=["classes", "is_first", 1]) == "weights(key, {'a': 1, 'b': -2}, is_comma=3, is_first=1.0)"
    assert edited(both, drop=["words", 0]) == "weights(key, {'b': -2}, is_comma=3)"
    assert edited(both, drop=["words", 1]) == "weights(key, {'a': 1}, is_comma=3)"
    assert edited(both, drop=["classes", 0]) == "weights(key, {'a': 1, 'b': -2})"
    two = "weights(key, {}, is_comma=3, is_first=1)"
    assert edited(two, drop=["classes", 0]) == "weights(key, {}, is_first=1)"
    assert edited(two, drop=["classes", 1]) == "weights(key, {}, is_comma=3)"
    assert edited("weights(key, {'a': 1})", add=["classes", "is_first", 1]) == "weights(key, {'a': 1}, is_first=1.0)"
    assert edited("weights(key, {'a': 1}, is_comma=3)", drop=["words", 0]) == "weights(key, {}, is_comma=3)"
    first = edited("weights(key, {}, is_comma=3)", add=["words", "</script>", -1])
    assert first == 'weights(key, {"</script>": -1.0}, is_comma=3)'
    words = ("\n", '"', "\\", "\u202e", "\x9b", "👍", "é", "\u2028", "\U000e0001")
    for word, found in zip(
        words, write(modules, [{"source": weights(both), "add": ["words", word, 1]} for word in words]), strict=True
    ):
        assert len(Program.parse(found).constants) == 4
        held = next(node for node in ast.walk(ast.parse(found)) if isinstance(node, ast.Dict))
        assert ast.literal_eval(held) == {"a": 1, "b": -2, word: 1}
