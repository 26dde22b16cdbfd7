"""A run with a library of an earlier version goes on; what this one refuses of it is shown, and brings nothing down."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.synth.tiny_runs import call, ranked, refusal

REFUSED = 'def attend(query, key, pair, np=1.0):\n    """Was taken once."""\n    return np * pair.zeros()[:, :]\n'


@pytest.fixture
def holding(run: Path) -> Callable[[int], Path]:
    """A run in which the program that stands in for each head is refused today, in a library of some version."""

    def change(version: int) -> Path:
        connection = sqlite3.connect(run / "library.sqlite")
        with connection:
            for head, entries in ranked(run).items():
                (best,) = [entry for entry in entries if entry.stands_in]
                place = (REFUSED, head.layer, head.index, best.candidate.source)
                connection.execute(
                    "UPDATE candidates SET source = ? WHERE layer = ? AND head = ? AND source = ?", place
                )
            connection.execute(f"PRAGMA user_version={version}")
        connection.close()
        return run

    return change


def test_what_is_refused_today_is_shown_and_left_out(
    holding: Callable[[int], Path], again: Callable[..., Any], capsys: Any
) -> None:
    run = holding(3)
    for command in (
        ("inspect", run), ("inspect", run, "L0H3"), ("prompt", run, "L0H3"), ("evaluate", run, "--fractions", "100"),
        again(run),
    ):  # fmt: skip
        assert call(capsys, *command).code == 0, command
    shown = call(capsys, "inspect", run, "L0H3", "--json").document
    (left,) = [failure for failure in shown["failures"] if failure["source"] == REFUSED]
    assert left["verdict"] == "refused"
    assert "`np` is a module" in left["reason"]
    assert shown["programs"]
    assert call(capsys, "inspect", run, "--json").document["summary"]["verdicts"]["refused"] == 3


def test_a_program_that_was_changed_by_other_means_is_one_line(holding: Callable[[int], Path], capsys: Any) -> None:
    run = holding(4)
    for command in (("inspect", run), ("inspect", run, "L0H3"), ("prompt", run, "L0H3"), ("evaluate", run)):
        assert "holds a program that cannot be read" in refusal(capsys, *command)


def test_a_library_of_a_later_version_is_refused(holding: Callable[[int], Path], capsys: Any) -> None:
    assert "is not a library of this version" in refusal(capsys, "inspect", holding(5))
