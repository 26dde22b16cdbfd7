"""Programs of another model's library on this model's heads."""

import ast
import json
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from surrogates.language.program import Program
from tests.synth.tiny_runs import call, copy_run, exchange_program, ranked, refusal, rows

Command = Callable[..., tuple[object, ...]]


def test_programs_of_another_library_compete_with_constants_of_this_one(
    run: Path, finished_encoder: Path, again: Command, capsys: Any
) -> None:
    before = rows(run)
    outcome = call(capsys, *again(run, "--library", finished_encoder))
    assert outcome.code == 0, outcome.err
    after = rows(run)
    assert [row for row in after if not row[2].startswith("transfer")] == before
    others = {e.program.structure: e.program for entries in ranked(finished_encoder).values() for e in entries}
    for head, entries in ranked(run).items():
        found = [entry for entry in entries if entry.candidate.origin == "transfer"]
        assert found, head
        own = {entry.program.structure for entry in entries if entry.candidate.origin != "transfer"}
        for entry in found:
            assert entry.candidate.model.startswith("bert")
            assert entry.program.structure in others.keys() - own
        assert any(entry.program != others[entry.program.structure] for entry in found)
    shown = call(capsys, "inspect", run, "L0H3", "--json").document["programs"]
    assert {program["origin"] for program in shown} == {"search", "shared", "transfer"}
    # Again: it is done.
    outcome = call(capsys, *again(run, "--library", finished_encoder))
    assert "try programs of" not in outcome.err
    assert rows(run) == after


def test_a_library_that_grew_is_tried_anew(
    run: Path, finished_encoder: Path, again: Command, tmp_path: Path, capsys: Any
) -> None:
    other = copy_run(finished_encoder, tmp_path / "other")
    assert call(capsys, *again(run, "--library", other)).code == 0
    new = Program.parse('def new(query, key, pair, a=1.0):\n    """New."""\n    return -a * pair.log_distance\n')
    exchange_program(other, new.source, "place = 0")
    outcome = call(capsys, *again(run, "--library", other))
    assert "try programs of" in outcome.err


def test_a_program_that_was_changed_by_other_means_is_one_line(
    run: Path, finished_encoder: Path, again: Command, tmp_path: Path, capsys: Any
) -> None:
    other = copy_run(finished_encoder, tmp_path / "other")
    exchange_program(other, "def open(query, key, pair): (", "place = 0")
    outcome = call(capsys, *again(run, "--library", other))
    assert outcome.code == 2, outcome
    assert "holds a program that cannot be read" in outcome.err


def test_what_another_library_says_becomes_neither_code_nor_orders(
    run: Path, finished_encoder: Path, again: Command, tmp_path: Path, capsys: Any
) -> None:
    other = copy_run(finished_encoder, tmp_path / "other")
    settings = (other / "run.toml").read_text()
    evil = json.dumps("evil\nimport os\r\x1b[2J\x9b31m[/red]")
    (other / "run.toml").write_text(re.sub(r"^model = .*$", lambda _: f"model = {evil}", settings, flags=re.M))
    for library in (other, run):
        connection = sqlite3.connect(library / "library.sqlite")
        with connection:
            connection.execute("UPDATE candidates SET label = '../../../evil', reason = ?", ("\x1b[2J",))
        connection.close()
    for command in (again(run, "--library", other), ("inspect", run), ("inspect", run, "L0H3"), ("inspect", other)):
        outcome = call(capsys, *command)
        assert outcome.code == 0, outcome
        assert (outcome.out + outcome.err).replace("\n", "").isprintable()
    files = list((run / "programs").rglob("*.py"))
    assert any("transfer from evil import os" in path.read_text() for path in files)
    for path in files:
        assert [type(node) for node in ast.parse(path.read_text()).body] == [ast.FunctionDef]
    assert {path.name for path in tmp_path.iterdir()} == {"other", "run"}


def test_refusals(run: Path, again: Command, tmp_path: Path, capsys: Any) -> None:
    assert "is this run itself" in refusal(capsys, *again(run, "--library", run))
    assert "no run directory" in refusal(capsys, *again(run, "--library", tmp_path))
