"""Programs are found however a model writes them down; what cannot be used is told with its reason."""

import ast
import json
import signal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prompts.answers import programs_in

ONE = '''\
def attend(query, key, pair, sink=4.2, recency=1.3):
    """The first token as a sink, otherwise the recent past."""
    return sink * key.is_first - recency * pair.log_distance
'''
TWO = '''\
def attend(query, key, pair, same=2.0):
    """Earlier occurrences of the same token."""
    near = pair.within(8)

    return same * pair.same_token * near
'''
HELPED = '''\
import numpy as np

WEIGHT = 2.0

def strength(pair, i, j):
    return WEIGHT / (1 + pair.distance[i, j])

def attend(query, key, pair, c=1.0):
    """Nearness, by a helper."""
    s = pair.zeros()
    for i in range(len(query)):
        s[i, 0] = np.log(c + strength(pair, i, 0))
    return s
'''
SPREAD = '''\
def attend(
    query,
    key,
    pair,
    sink=1.0,
):
    """
A docstring whose lines
stand at the margin.
    """
    if sink > 1:
        return key.is_first
    else:
        return sink * key.is_first
'''


def fence(code: str, language: str = "python", mark: str = "```") -> str:
    return f"{mark}{language}\n{code}{mark}\n"


def indented(text: str, by: str = "    ") -> str:
    return "".join(by + line if line.strip() else line for line in text.splitlines(keepends=True))


def escaped(code: str) -> str:
    return code.replace("\n", "\\n").replace('"', '\\"')


PROSE = "I think that this head looks at the first token (def. of a sink).\n\n"
END = "\nNote that {braces}, [brackets] and `code` may follow. Hope it helps!\n"

ONE_PROGRAM = {
    "a fence": fence(ONE),
    "a fence in prose": PROSE + fence(ONE) + END,
    "no language": PROSE + fence(ONE, "") + END,
    "another language": fence(ONE, "Python 3.11 {.numberLines}"),
    "tildes": PROSE + fence(ONE, mark="~~~") + END,
    "a long fence": fence(ONE, mark="`````"),
    "a fence in a fence": fence(PROSE + fence(ONE), "markdown", "````"),
    "an indented fence": "1. The program:\n\n" + indented(fence(ONE)) + END,
    "a fence in a list": "- " + indented(fence(ONE), "  ").lstrip() + END,
    "a fence behind words": "The program: " + fence(ONE) + END,
    "a fence closed on the last line": f"```python\n{ONE.rstrip()}```\n{END}",
    "a quotation": PROSE + indented(fence(ONE), "> ") + END,
    "behind a word": "Program: " + ONE + END,
    "indented code": fence(indented(ONE, "\t")),
    "carriage returns": (PROSE + fence(ONE) + END).replace("\n", "\r\n"),
    "old carriage returns": (PROSE + fence(ONE) + END).replace("\n", "\r"),
    "an unclosed fence": PROSE + "```python\n" + ONE,
    "an unclosed fence before prose": "```python\n" + ONE + END,
    "an unclosed fence before another block": "```python\n" + ONE + "```python\nprint(attend)\n```",
    "bare": ONE,
    "bare in prose": PROSE + ONE + END,
    "bare and indented": PROSE + indented(ONE) + END,
    "bare without a blank line": "Here:\n" + ONE + "It is short.\nThat is all",
    "JSON": json.dumps({"program": ONE}),
    "JSON with line breaks in strings": '{"program": "' + ONE.replace('"', '\\"') + '"}',
    "JSON with more in it": json.dumps({"hypothesis": "a sink", "n": 1, "answer": {"code": ONE}, "ok": None}, indent=2),
    "JSON list": json.dumps([ONE]),
    "JSON list of objects": json.dumps([{"name": "sink", "source": ONE}]),
    "a JSON string": json.dumps(ONE),
    "JSON in a fence": PROSE + fence(json.dumps({"program": "\n" + ONE}) + "\n", "json") + END,
    "JSON in prose": PROSE + json.dumps({"program": ONE}) + END,
    "a fence in JSON": json.dumps({"programs": [fence(ONE)]}),
    "carriage returns in JSON": json.dumps({"program": ONE.replace("\n", "\r\n")}),
    "JSON with a comma too many": '{"program": ' + json.dumps(ONE) + ",}",
    "escaped line breaks": fence(escaped(ONE) + "\n"),
    "escaped twice": json.dumps({"program": escaped(ONE)}),
    "after thinking": "<think>\nMaybe:\n" + fence(TWO) + "No, better:\n</think>\n\n" + fence(ONE),
    "after reasoning": "<reasoning>" + TWO + "</reasoning>" + fence(ONE),
    "after thinking begun in the prompt": "Maybe:\n" + fence(TWO) + "\nHm.\n</think>\n" + ONE,
    "before thinking": fence(ONE) + "<think>\nWas that right? " + fence(TWO),
    "in thinking alone": "<think>\nFirst " + fence(TWO) + "then " + fence(ONE) + "</think>\n",
    "twice": fence(ONE) + "Once more:\n" + fence(ONE),
    "beside an example": "Call it so:\n" + fence("print(attend)\n") + fence(ONE) + fence("def f(x):\n    return x\n"),
    "with a call of it": fence(ONE + "\nif __name__ == '__main__':\n    print(attend(1, 2, 3))\n"),
}


@pytest.mark.parametrize("way", ONE_PROGRAM)
def test_one_program(way: str) -> None:
    answer = programs_in(ONE_PROGRAM[way])
    assert answer.sources == [ONE]
    assert answer.flaws == []


SEVERAL = {
    "several fences": PROSE + fence(ONE) + "or\n" + fence(TWO) + END,
    "several in a fence": fence(ONE + "\n\n" + TWO),
    "several bare": PROSE + ONE + "\nAnother one:\n\n" + TWO + END,
    "JSON": json.dumps({"programs": [ONE, TWO]}),
    "JSON of objects": json.dumps({"programs": [{"program": ONE}, {"program": TWO}]}),
    "JSON one by one": json.dumps({"program": ONE}) + "\n" + json.dumps({"program": TWO}),
    "a fence in each string": json.dumps([fence(ONE), fence(TWO)]),
    "JSON fences": fence(json.dumps({"program": ONE}) + "\n", "json")
    + fence(json.dumps({"program": TWO}) + "\n", "json"),
}


@pytest.mark.parametrize("way", SEVERAL)
def test_several_programs(way: str) -> None:
    answer = programs_in(SEVERAL[way])
    assert answer.sources == [ONE, TWO]
    assert answer.flaws == []


@pytest.mark.parametrize("text", [fence(HELPED), HELPED, PROSE + HELPED + END, json.dumps({"program": HELPED})])
def test_what_a_program_needs_stays_with_it(text: str) -> None:
    (source,) = programs_in(text).sources
    assert ast.dump(ast.parse(source)) == ast.dump(ast.parse(HELPED))


def test_each_of_several_programs_takes_its_own_helpers() -> None:
    other = "def far(pair):\n    return pair.distance\n\ndef attend(query, key, pair):\n    return far(pair)\n"
    first, second = programs_in(fence("import math\n\n" + HELPED + "\n" + other)).sources
    assert "def strength" in first
    assert "import numpy" in first
    assert "import math" not in first
    assert "def far" not in first
    assert ast.dump(ast.parse(second)) == ast.dump(ast.parse(other))


@pytest.mark.parametrize("text", [fence(SPREAD), PROSE + SPREAD + END, indented(SPREAD), json.dumps([SPREAD])])
def test_long_signatures_and_docstrings_at_the_margin(text: str) -> None:
    (source,) = programs_in(text).sources
    assert [node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)] == ["attend"]
    assert "return sink * key.is_first" in source


def test_one_line_between_backticks() -> None:
    line = 'def attend(query, key, pair, sink=1.0): "A sink."; return sink * key.is_first'
    for text in (f"Use `{line}` here.", f"Use ```python {line}``` here.", line):
        assert programs_in(text).sources == [line + "\n"]


BROKEN = "def attend(query, key, pair, sink=1.0):\n    return sink * (key.is_first\n"
NO_BODY = "def attend(query, key, pair):\n"
OTHER_NAMES = "def attend(q, k, p):\n    return q\n"
METHOD = "class Head:\n    def attend(self, query, key, pair):\n        return key.is_first\n"


@pytest.mark.parametrize("code", [BROKEN, NO_BODY, OTHER_NAMES, METHOD])
@pytest.mark.parametrize("json_", [False, True])
def test_code_with_mistakes_is_handed_on(code: str, json_: bool) -> None:
    text = json.dumps({"program": code}) if json_ else PROSE + fence(code) + END
    assert programs_in(text).sources == [code]


def test_a_program_with_mistakes_leaves_the_others() -> None:
    for text in (fence(ONE + "\n" + BROKEN + "\n" + TWO), fence(ONE) + fence(BROKEN) + fence(TWO)):
        answer = programs_in(text)
        assert sorted(answer.sources) == sorted([ONE, BROKEN, TWO])
        assert answer.flaws == []


def test_a_token_that_looks_like_a_tag_is_no_reasoning() -> None:
    program = ONE.replace("key.is_first", 'key.is_one_of("<think>", "</think>")')
    assert programs_in(fence(program)).sources == [program]


CUT = "def attend(query, key, pair, recency=1.0):\n    near = pair.within(8)\n    return recency * pair.lo"
TRUNCATED = {
    "in a fence": "```python\n" + ONE + "\n" + CUT,
    "in a later fence": fence(ONE) + "and\n```python\n" + CUT,
    "before the body": "```python\n" + ONE + "\n" + "def attend(query, key, pair, rec",
    "in a string": "```python\n" + ONE + '\ndef attend(query, key, pair):\n    """It lo',
    "before a return": "```python\n" + ONE + "\ndef attend(query, key, pair):\n    near = pair.within(8)\n",
    "bare": PROSE + ONE + "\n" + CUT,
    "in JSON": json.dumps({"programs": [ONE, CUT]})[:-3],
    "in an escape of JSON": json.dumps({"programs": [ONE, NO_BODY]})[:-4],
    "in JSON in a fence": "```json\n" + json.dumps({"programs": [ONE, CUT]})[:-3],
}


@pytest.mark.parametrize("place", TRUNCATED)
def test_what_was_complete_before_the_cut_is_used(place: str) -> None:
    answer = programs_in(TRUNCATED[place], "length")
    assert answer.sources == [ONE]
    assert [flaw.kind for flaw in answer.flaws] == ["truncated"]
    assert "limit of answer tokens" in answer.flaws[0].reason


def test_an_answer_cut_after_its_programs_loses_nothing() -> None:
    for text in (fence(ONE) + "It is", PROSE + ONE + "\nIt is", "```python\n" + ONE, "```python\n" + ONE + "\n# and"):
        answer = programs_in(text, "length")
        assert (answer.sources, answer.flaws) == ([ONE], []), text


NOTHING = {
    ("", "stop"): ("empty", "no text"),
    (" \n\t", "length"): ("empty", "limit of answer tokens was spent"),
    ("<think>Easy.</think>\n", "stop"): ("empty", "nothing follows the reasoning"),
    ("No program describes this head.", "stop"): ("no program", "begins: No program describes"),
    ("I'm sorry, but `attend` is undefined; def is a keyword.", "stop"): ("no program", "begins: I'm sorry"),
    (fence("x = 1\n"), "stop"): ("no program", "no function"),
    ('{"program": null, "reason": "uniform"}', "stop"): ("no program", "no function"),
    ("<think>Perhaps\n" + fence(ONE) + "or", "stop"): ("reasoning left open", "never ends"),
    ("<Reasoning>\nPerhaps", "length"): ("reasoning left open", "limit of answer tokens was spent"),
    ("This head, which", "length"): ("truncated", "before a program began"),
    ("```python\n" + CUT, "length"): ("truncated", "cut off by the limit"),
    ("```python\n" + CUT + "(", "stop"): ("truncated", "cut off by the end of the answer"),
}


@pytest.mark.parametrize(("text", "finish_reason"), NOTHING)
def test_answers_without_a_program_say_why(text: str, finish_reason: str) -> None:
    answer = programs_in(text, finish_reason)
    kind, words = NOTHING[text, finish_reason]
    assert answer.sources == []
    (flaw,) = answer.flaws
    assert flaw.kind == kind
    assert words in flaw.reason
    assert "\n" not in flaw.reason


_PIECES = [
    ONE, TWO, HELPED, CUT, BROKEN, PROSE, "```", "```python\n", "~~~\n", "````", "\n", "\r\n", "    ", "\t", "> ",
    "<think>", "</think>", "<reasoning>\n", "def ", "def attend(", "query, key, pair", "):\n", '"', '"""', "'", "\\n",
    "\\", "\\u12", '{"program": "', '"}', "[", "[[[", "{", "]", "}", ",", "return x\n", "@d\n", "class A:\n", "\x00",
    "\x0c", "\u2028", "\ud800", "é", "#", "async ",
]  # fmt: skip
texts = st.one_of(st.text(max_size=80), st.lists(st.sampled_from(_PIECES), max_size=14).map("".join))


@settings(
    derandomize=True, deadline=None, max_examples=600, suppress_health_check=[HealthCheck.too_slow], database=None
)
@given(texts, st.sampled_from(["stop", "length", ""]))
def test_any_text_is_read_or_refused_with_a_reason(text: str, finish_reason: str) -> None:
    answer = programs_in(text, finish_reason)
    assert answer.sources or answer.flaws
    assert len(set(answer.sources)) == len(answer.sources)
    for source in answer.sources:
        assert "def" in source
        assert source.endswith("\n")
        assert not source.startswith("\n")


@settings(
    derandomize=True, deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow], database=None
)
@given(st.integers(0, len(ONE) + len(TWO) + 30), st.booleans())
def test_a_program_never_comes_out_of_a_cut_answer_changed(length: int, json_: bool) -> None:
    """Wherever the limit of tokens falls: a whole program or none, never half a one."""
    whole = json.dumps({"programs": [ONE, TWO]}) if json_ else fence(ONE + "\n" + TWO)
    answer = programs_in(whole[:length], "length")
    assert set(answer.sources) <= {ONE, TWO, ONE.rstrip() + "\n", TWO.rstrip() + "\n"}
    assert answer.sources or answer.flaws


@pytest.mark.parametrize(
    "text", ["[" * 50_000, '{"' * 20_000, "```\n" * 5_000, "def f(" * 5_000, "(" * 50_000 + "def f(", "<think>" * 5_000]
)
def test_long_nonsense_is_read_in_no_time(text: str) -> None:
    assert programs_in(text).flaws or programs_in(text).sources


PROGRAM = 'def attend(query, key, pair):\n    """x"""\n    return 1\n'
HELPERS = "".join(f"def h{i}(a):\n    return h{i - 1}(a)\n" for i in range(2000))
LONG = {
    "fences in fences": "a ```b\n" * 1100 + PROGRAM,
    "spaces behind a fence": "```" + " " * 190_000 + "!\n",
    "a string that never ends": '["' + '\\"' * 95_000,
    "empty lines": "x" + "\n" * 190_000 + "y",
    "quotation marks": "> \n" * 60_000 + "> ```",
    "chains of helpers": HELPERS
    + "".join(f"def p{i}(query, key, pair):\n    return h1999({i})\n" for i in range(2000)),
    "signatures that break off": "def f(query " * 15_000,
    "open brackets": "def f(query, key, pair):\n  x = (\n" * 5_500,
    "brackets": "[" * 190_000,
}


@pytest.mark.parametrize("text", LONG.values(), ids=list(LONG))
def test_no_answer_takes_for_ever(text: str) -> None:
    """However it is made: the alarm is for the minutes and hours that it would take otherwise."""

    def give_up(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(20)
    try:
        found = programs_in(text)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    assert found.sources or found.flaws
    assert len(found.sources) <= 50
