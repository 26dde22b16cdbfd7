"""Answers that nobody should write: each is counted and shown, and neither ends this run nor bricks a later one."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.llm.scripted_server import MODEL
from tests.synth.test_llm_carrying import bring, export
from tests.synth.test_llm_rounds import copy as copy
from tests.synth.test_llm_rounds import fenced
from tests.synth.tiny_runs import call


def program(body: str, constants: str = "", hypothesis: str = "A case.") -> str:
    return f'def attend(query, key, pair{constants}):\n    """{hypothesis}"""\n    {body}\n'


THREE = ", a=1.0, b=1.0, c=1.0"
WORKS = "return a * key.is_first - b * pair.log_distance + c * pair.same_token"
ANSWERS = {
    "infinite": fenced(program("return a / pair.distance + b * key.is_first + c * pair.same_token", THREE)),
    "steep": fenced(program("return (a * pair.distance) ** (b * 1e30) + c ** -1e30", THREE)),
    "cannot be inverted": fenced(program("return a * 1e30 * pair.distance + b * 1e30 * pair.distance + c", THREE)),
    "half of a character": json.dumps({"program": program(WORKS, THREE, r"Half \ud83d of one.")}),
    "half written out": json.dumps({"program": program(WORKS, THREE, "Half \ud83d of one.")}),
    "half in a text": fenced(program(r"return a * key.is_one_of('\ud83d') - b * pair.log_distance + c", THREE)),
    "orders in the hypothesis": fenced(program(WORKS, THREE, r"\x1b[2J\x9b31m\u202e gone")),
    "orders written out": fenced(program(WORKS, THREE, "\x1b[2J gone")),
    "orders in an error": fenced(
        'def attend(query, key, pair):\n    """Raises."""\n    raise ValueError("\\x1b[2J\\n\\ud83d[/red]")\n'
    ),
    "too many constants": fenced(program("return 1.0", "".join(f", c{n}=1.0" for n in range(400)))),
    "too long": "def attend(query, key, pair):\n" * 10_000,
    "too large": fenced(program("return key.is_comma" + " + key.is_comma" * 10_000)),
    "doubling": fenced(program("x = 1.0\n    " + "x = x + x\n    " * 300 + "return x * a * b * c", THREE)),
    "an open bracket": "def attend(query, key, pair):\n    return " + "(" * 150_000,
    "nested JSON": "[" * 100_000,
}


@pytest.mark.parametrize("content", ANSWERS.values(), ids=list(ANSWERS))
def test_an_answer_bricks_nothing(
    content: str, copy: Callable[[str], Path], again: Callable[..., Any], tmp_path: Path, capsys: Any
) -> None:
    run = copy("run")
    path, answers = tmp_path / "requests.jsonl", tmp_path / "answers.jsonl"
    asked = ("--llm", MODEL, "--heads", "L0H3", "--candidates", 1, "--rounds", 2)
    (question,) = export(capsys, run, path, *asked)
    bring(capsys, run, answers, {question["custom_id"]: content})
    # What was asked next can still be asked, and the run goes on as it did.
    export(capsys, run, path, *asked)
    for command in (again(run), ("inspect", run), ("inspect", run, "L0H3"), ("evaluate", run, "--fractions", "100")):
        outcome = call(capsys, *command)
        assert outcome.code == 0, outcome
        assert (outcome.out + outcome.err).replace("\n", "").isprintable()
        (outcome.out + outcome.err).encode("utf-8")
    shown = call(capsys, "inspect", run, "L0H3", "--json").document
    written = [p for p in shown["programs"] + shown["failures"] if p["origin"] == "llm"]
    assert written or shown["unusable"], "what became of the answer is told"
