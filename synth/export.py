"""Writes the ranked programs as files that a person reads and edits."""

import shutil

from sandbox.plain_text import one_line
from surrogates.errors import InputError
from surrogates.library.ranking import Ranked
from synth.run import Run


def export_programs(run: Run) -> None:
    """Write ``programs/L03H07/01_….py`` for every ranked program; the folder is replaced as a whole.

    Raises:
        InputError: the folder cannot be written.
    """
    unfinished = run.path / "programs.unfinished"
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        for head in run.heads:
            folder = unfinished / head.folder
            folder.mkdir(parents=True)
            for entry in run.library.ranked(head):
                text = f"# {head}, {_figures(entry)}\n{entry.candidate.source}"
                (folder / f"{entry.name}.py").write_text(text, encoding="utf-8")
        shutil.rmtree(run.programs, ignore_errors=True)
        unfinished.replace(run.programs)
    except OSError as error:
        raise InputError(f"cannot write {run.programs}: {error.strerror}; free some space and run again") from error


def _figures(entry: Ranked) -> str:
    scores = entry.scores
    return (
        f"test IoU {scores.iou:.3f} ({scores.iou_low:.3f} to {scores.iou_high:.3f}), "
        f"cross-entropy {scores.cross_entropy:.3f} nats, found by {one_line(entry.candidate.found_by)}"
        + (", stands in for the head" if entry.stands_in else "")
    )
