"""A run with a library of an earlier version goes on; what this one refuses of it is shown, and brings nothing down."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from surrogates import load_library
from surrogates.errors import InputError
from surrogates.library.library import Library
from tests.synth.tiny_runs import call, exchange_program, forget_ceilings, ranked, refusal, rows

REFUSED = 'def attend(query, key, pair, np=1.0):\n    """Was taken once."""\n    return np * pair.zeros()[:, :]\n'


def as_version(run: Path, version: int) -> Path:
    """A run's library as a version wrote it."""
    connection = sqlite3.connect(run / "library.sqlite")
    with connection:
        if version < 9:  # programs stood in for heads one by one
            connection.execute("DROP TABLE assignments")
        if version < 7:  # nothing told the kind of a head
            connection.execute("DROP TABLE head_scores")
            connection.execute("ALTER TABLE ceilings DROP COLUMN groups")
        elif version < 8:  # nor was it known what goes to no key
            connection.execute("ALTER TABLE head_scores DROP COLUMN missing_mass")
        if version < 6:  # of a structure's sizes one was known, and no ceilings
            connection.execute("DROP TABLE ceilings")
            for column in ("literals", "nodes"):
                connection.execute(f"ALTER TABLE structures DROP COLUMN {column}")
            connection.execute("ALTER TABLE structures RENAME COLUMN parts TO terms")
            connection.execute("UPDATE structures SET terms = 0 WHERE kind = 'scripted'")
        if version < 5:  # every candidate had a source of its own
            connection.execute(
                "CREATE TABLE earlier (layer INTEGER NOT NULL, head INTEGER NOT NULL, stage TEXT NOT NULL,"
                " place INTEGER NOT NULL, origin TEXT NOT NULL, label TEXT NOT NULL, source TEXT NOT NULL,"
                " verdict TEXT NOT NULL, reason TEXT NOT NULL, model TEXT NOT NULL, round INTEGER NOT NULL,"
                " call TEXT NOT NULL, train_iou REAL, validation_iou REAL, validation_cross_entropy REAL, iou REAL,"
                " iou_low REAL, iou_high REAL, cross_entropy REAL, jsd REAL, PRIMARY KEY (layer, head, stage, place))"
                " STRICT"
            )
            connection.execute(
                "INSERT INTO earlier SELECT layer, head, stage, place, origin, label, source, verdict, reason, model,"
                " round, call, train_iou, validation_iou, validation_cross_entropy, iou, iou_low, iou_high,"
                " cross_entropy, jsd FROM candidates JOIN programs ON programs.id = program"
            )
            for table in ("candidates", "programs", "structures"):
                connection.execute(f"DROP TABLE {table}")
            connection.execute("ALTER TABLE earlier RENAME TO candidates")
        connection.execute(f"PRAGMA user_version={version}")
    connection.close()
    return run


@pytest.fixture
def refused(run: Path) -> Path:
    """A run in which the program that stands in for each head is refused today."""
    for head, entries in ranked(run).items():
        (best,) = [entry for entry in entries if entry.stands_in]
        own = "layer = ? AND head = ? AND program = (SELECT id FROM programs WHERE source = ?)"
        exchange_program(run, f"{REFUSED}# {head}\n", own, head.layer, head.index, best.candidate.source)
    return run


def test_what_is_refused_today_is_shown_and_left_out(refused: Path, again: Callable[..., Any], capsys: Any) -> None:
    run = as_version(refused, 3)
    for command in (
        ("inspect", run), ("inspect", run, "L0H3"), ("prompt", run, "L0H3"), ("evaluate", run, "--fractions", "100"),
        again(run),
    ):  # fmt: skip
        assert call(capsys, *command).code == 0, command
    shown = call(capsys, "inspect", run, "L0H3", "--json").document
    (left,) = [failure for failure in shown["failures"] if failure["source"].startswith(REFUSED)]
    assert left["verdict"] == "refused"
    assert "`np` is a module" in left["reason"]
    assert shown["programs"]
    assert call(capsys, "inspect", run, "--json").document["summary"]["verdicts"]["refused"] == 3


def test_a_program_that_was_changed_by_other_means_is_one_line(refused: Path, capsys: Any) -> None:
    run = as_version(refused, 4)  # in which all had been looked through
    for command in (("inspect", run), ("inspect", run, "L0H3"), ("prompt", run, "L0H3"), ("evaluate", run)):
        assert "holds a program that cannot be read" in refusal(capsys, *command)


def test_a_damaged_dense_model_is_one_line(run: Path, again: Callable[..., Any], capsys: Any) -> None:
    connection = sqlite3.connect(run / "library.sqlite")
    with connection:
        connection.execute("UPDATE ceilings SET model = x'00ff' WHERE layer = 1")
    assert call(capsys, *again(run)).code == 0
    with connection:
        connection.execute("DELETE FROM finished WHERE stage = 'shared'")
    connection.close()
    outcome = call(capsys, *again(run))
    assert outcome.code == 2
    assert "the library holds a dense model that cannot be read (" in outcome.err.splitlines()[-1]
    assert "Traceback" not in outcome.err


SHARES = ["", "[0.5", "7", "[[0.5]]", '["half"]', "[NaN]", "[-0.5]", "[1e999]", "[" * 100_000]


@pytest.mark.parametrize("shares", SHARES)
def test_damaged_shares_are_one_line(shares: str, run: Path, again: Callable[..., Any], capsys: Any) -> None:
    connection = sqlite3.connect(run / "library.sqlite")
    with connection:
        connection.execute("UPDATE ceilings SET shares = ? WHERE layer = 1", (shares,))
        connection.execute("DELETE FROM finished WHERE stage = 'shared'")
    connection.close()
    for command in (("inspect", run), ("inspect", run, "L1H2"), again(run)):
        outcome = call(capsys, *command)
        assert outcome.code == 2
        assert "holds shares of parts that cannot be read (" in outcome.err.splitlines()[-1]
        assert "Traceback" not in outcome.err


def test_shares_of_other_parts_are_one_line(run: Path, again: Callable[..., Any], capsys: Any) -> None:
    connection = sqlite3.connect(run / "library.sqlite")
    with connection:
        connection.execute("UPDATE ceilings SET shares = '[0.5, 0.5]' WHERE layer = 1")
        connection.execute("DELETE FROM finished WHERE stage = 'shared'")
    connection.close()
    outcome = call(capsys, *again(run))
    assert outcome.code == 2
    assert "holds shares of other parts; give another --output" in outcome.err.splitlines()[-1]


@pytest.mark.parametrize("version", [3, 4, 5, 6, 7])
def test_an_earlier_library_holds_what_it_held(
    run: Path, version: int, again: Callable[..., Any], tmp_path: Path, capsys: Any
) -> None:
    forget_ceilings(run)
    candidates, shown, structures = rows(run), call(capsys, "inspect", run, "L0H3", "--json").out, held(run)
    assert len(structures) > 1
    as_version(run, version)
    # Whoever only reads leaves it to the process that may be writing.
    assert call(capsys, "inspect", run, "L0H3", "--json").out == shown
    assert held(run) == structures
    assert stored_version(run) == version
    exported = call(capsys, "llm", "export", run, tmp_path / "requests.jsonl", "--llm", "m")
    assert exported.code == 0, exported
    assert stored_version(run) > 7
    assert rows(run) == candidates
    assert held(run) == structures
    as_version(run, version)
    assert call(capsys, *again(run)).code == 0
    assert rows(run) == candidates


def test_a_run_that_goes_on_is_measured_where_it_was_not(
    run: Path, finished: Path, again: Callable[..., Any], capsys: Any
) -> None:
    known = call(capsys, "inspect", finished, "L0H3", "--json").document
    assert known["category"]
    assert known["scores"]["induction"] is not None
    as_version(run, 6)
    before = call(capsys, "inspect", run, "L0H3", "--json").document
    assert (before["category"], before["shares"], set(before["scores"].values())) == (None, {}, {None})
    assert "category" not in call(capsys, "inspect", run, "L0H3").out
    assert call(capsys, *again(run)).code == 0
    after = call(capsys, "inspect", run, "L0H3", "--json").document
    assert after["scores"] == known["scores"]
    assert (after["category"], after["shares"]) == (None, {})  # its dense model was fitted before


def test_a_run_that_goes_on_is_measured_again_where_what_is_missing_was_not(
    run: Path, finished: Path, again: Callable[..., Any], capsys: Any
) -> None:
    known = call(capsys, "inspect", finished, "L0H3", "--json").document["scores"]
    as_version(run, 7)
    before = call(capsys, "inspect", run, "L0H3", "--json").document["scores"]
    assert before == known | {"missing_mass": None}
    assert call(capsys, *again(run)).code == 0
    assert call(capsys, "inspect", run, "L0H3", "--json").document["scores"] == known


def test_heads_that_join_an_earlier_library_share_among_themselves(
    run: Path, again: Callable[..., Any], capsys: Any
) -> None:
    before = rows(run)
    assert call(capsys, *again(as_version(run, 5), heads="L0H1,L0H2")).code == 0
    stages = {str(head): {entry.candidate.origin for entry in entries} for head, entries in ranked(run).items()}
    assert stages["L0H1"] == stages["L0H2"] == {"search", "shared"}
    assert [row for row in rows(run) if row in before] == [row for row in before if row[2] == "search"]


def test_what_is_refused_today_has_no_structure(run: Path, capsys: Any) -> None:
    before, candidates = held(run), len(rows(run))
    connection = sqlite3.connect(run / "library.sqlite")
    with connection:
        taken = connection.execute(
            "SELECT structure FROM programs GROUP BY structure ORDER BY count(*) DESC LIMIT 1"
        ).fetchone()
        connection.execute("UPDATE programs SET source = ? || '# ' || id WHERE structure = ?", (REFUSED, *taken))
    connection.close()
    after = held(as_version(run, 5))
    assert after < before
    assert len(after) == len(before) - 1
    assert call(capsys, "llm", "export", run, run / "requests.jsonl", "--llm", "m").code in (0, 2)
    assert held(run) == after
    assert len(rows(run)) == candidates


def held(run: Path) -> set[tuple[object, ...]]:
    """What structures the library has, and on which heads."""
    with closing(Library(run)) as library:
        found = library.structures()
    assert all(structure.parts > 0 and structure.literals > 0 and structure.nodes > 0 for structure in found)
    described = [(s.kind, s.parts, s.literals, s.nodes, s.families, *sorted(s.uses)) for s in found]
    uses = [tuple(use.source for _, use in sorted(s.uses.items())) for s in found]
    return set(zip(described, uses, strict=True))


def stored_version(run: Path) -> int:
    connection = sqlite3.connect(run / "library.sqlite")
    try:
        return connection.execute("PRAGMA user_version").fetchone()[0]
    finally:
        connection.close()


@pytest.mark.parametrize("reading", ["", "tokens = 1", "tokens = 99"])
def test_a_run_that_read_tokens_in_another_way_is_refused(
    run: Path, reading: str, again: Callable[..., Any], capsys: Any
) -> None:
    """Its programs were measured on other facts, and would run on today's."""
    settings = (run / "run.toml").read_text()
    (run / "run.toml").write_text(re.sub(r"(?m)^tokens = \d+$", reading, settings))
    before = rows(run)
    for command in (("inspect", run), ("prompt", run, "L0H3"), ("evaluate", run), again(run)):
        assert "read tokens in another way" in refusal(capsys, *command)
    with pytest.raises(InputError, match="read tokens in another way"):
        load_library(run)
    assert load_library(run / "programs")  # files that a person may have edited say nothing of tokens
    assert rows(run) == before


def test_a_library_of_a_later_version_is_refused(run: Path, capsys: Any) -> None:
    assert "is a library of a later version; update headsynth" in refusal(capsys, "inspect", as_version(run, 99))
