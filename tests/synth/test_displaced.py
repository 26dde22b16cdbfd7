"""A folder, an empty file or a symbolic link to itself in the place of a part of a run."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.synth.tiny_runs import call, rows

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize("part", ["tokens.npz", "texts.jsonl", "programs", "attention", "run.lock", "shard"])
@pytest.mark.parametrize("place", ["folder", "file", "loop"])
def test_something_else_in_the_place_of_a_part_is_one_line_or_made_again(
    place: str, part: str, run: Path, finished: Path, again: Callable[..., tuple], capsys: Capture
) -> None:
    path = run / part if part != "shard" else min((run / "attention").iterdir())
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    if place == "folder":
        path.mkdir()
    elif place == "file":
        path.write_text("")
    else:
        path.symlink_to(path.name)
    for command in (("inspect", run, "L0H0"), ("evaluate", run, "--fractions", "100"), again(run)):
        outcome = call(capsys, *command)
        last = outcome.err.splitlines()[-1] if outcome.code else ""
        assert outcome.code in (0, 2), outcome
        assert "; " in last or not outcome.code
        assert "free some space" not in last
    if not outcome.code:
        assert rows(run) == rows(finished)
