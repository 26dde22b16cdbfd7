"""One program stands in for a head: what is shown of the head is what is patched in."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evaluation.measuring import measure
from surrogates.library.heads import Head
from surrogates.library.loading import load_library
from surrogates.library.ranking import TOLERANCE
from synth import evaluator
from tests.synth.tiny_runs import HEADS, call, ranked

Command = Callable[..., tuple[object, ...]]


@pytest.fixture
def second(run: Path, again: Command, capsys: Any) -> Path:
    """A run in which the second-ranked program stands in for every head, and others have less cross-entropy still but
    too low an IoU."""
    connection = sqlite3.connect(run / "library.sqlite")
    with connection:
        for head, entries in ranked(run).items():
            best = entries[0].scores.validation_iou
            figures = [(best, 2.0), (best - TOLERANCE / 2, 1.0), *[(0.0, 0.5)] * len(entries)]
            for entry, (iou, cross_entropy) in zip(entries, figures, strict=False):
                connection.execute(
                    "UPDATE candidates SET validation_iou = ?, validation_cross_entropy = ?"
                    " WHERE layer = ? AND head = ? AND program = (SELECT id FROM programs WHERE source = ?)",
                    (iou, cross_entropy, head.layer, head.index, entry.candidate.source),
                )
    connection.close()
    assert call(capsys, *again(run)).code == 0  # writes the programs anew
    return run


def test_what_is_shown_is_what_stands_in(second: Path, capsys: Any) -> None:
    assignment = load_library(second)
    shown = {row["head"]: row for row in call(capsys, "inspect", second, "--json").document["heads"]}
    assert set(shown) == set(HEADS.split(","))
    for name, row in shown.items():
        head = Head.parse(name)
        programs = call(capsys, "inspect", second, name, "--json").document["programs"]
        (chosen,) = [program for program in programs if program["stands_in"]]
        assert chosen["name"] == programs[1]["name"] == row["program"]
        assert chosen["source"] == assignment[head].source
        assert [row["iou"], row["iou_low"], row["iou_high"]] == [chosen[key] for key in ("iou", "iou_low", "iou_high")]
        files = sorted((second / "programs" / head.folder).iterdir())
        assert [path.stem for path in files if "stands in for the head" in path.read_text()] == [chosen["name"]]
        page = call(capsys, "inspect", second, name).out
        assert f"{chosen['name']}.py" in page
        assert assignment[head].source.splitlines()[-1] in page
    table = call(capsys, "inspect", second).out
    assert all(f"{row['iou']:.3f}" in table for row in shown.values())


def test_heads_are_replaced_in_the_order_of_what_stands_in(
    second: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """The head whose first-ranked program has the highest IoU may come last."""
    first, *others = sorted(ranked(second))
    connection = sqlite3.connect(second / "library.sqlite")
    with connection:
        top, chosen = ranked(second)[first][:2]
        for entry, iou in ((top, 0.99), (chosen, 0.99 - TOLERANCE / 2)):
            place = (iou, first.layer, first.index, entry.candidate.source)
            connection.execute(
                "UPDATE candidates SET validation_iou = ?"
                " WHERE layer = ? AND head = ? AND program = (SELECT id FROM programs WHERE source = ?)",
                place,
            )
        for head in others:
            connection.execute(
                "UPDATE candidates SET validation_iou = 0.985 WHERE layer = ? AND head = ?", (head.layer, head.index)
            )
    connection.close()
    swept: list[dict[str, Any]] = []

    def spy(_patched: Any, _ids: Any, arms: dict[str, Any], **options: Any) -> Any:
        swept.append(arms)
        return measure(_patched, _ids, arms, **options)

    monkeypatch.setattr(evaluator, "measure", spy)
    asked = ("--fractions", "34,67,100", "--orders", "iou", "--controls", "0")
    assert call(capsys, "evaluate", second, *asked, "--quiet").code == 0
    replaced = [set(swept[0][f"iou, program, {count} heads"]) for count in (1, 2, 3)]
    assert replaced == [{others[0]}, {*others}, {*others, first}]
