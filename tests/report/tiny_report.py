"""The report of a run on a tiny model, made once for the tests of a module."""

from collections.abc import Callable
from pathlib import Path

import pytest

from evaluation.report.packing import packed
from evaluation.report.page import write_page
from synth.cli import main
from tests.report.unpacked import Unpacked
from tests.synth.tiny_runs import HEADS, SMALL, save_corpus, save_model

HEAD = "L0H3"
"""One that is in it."""


def written_report(folder: Path) -> Path:
    """Synthesize and report; the page's file, in the run directory."""
    run = folder / "run"
    model, corpus = save_model("llama", folder / "model"), save_corpus(folder / "stories.jsonl")
    asked = ["synthesize", model, "--corpus", corpus, "--output", str(run), "--heads", HEADS, "--jobs", "1", *SMALL]
    for command in (asked, ["report", str(run), "--quiet"]):
        with pytest.raises(SystemExit) as stop:
            main(command)
        assert not stop.value.code
    return run / "report.html"


def changed(report: Path, folder: Path, change: Callable[[Unpacked], None]) -> str:
    """The address of another page of the same run, in which something is changed."""
    held = Unpacked(report.read_text("utf-8"))
    change(held)
    return rewritten(held, folder)


def rewritten(held: Unpacked, folder: Path, title: str = "changed") -> str:
    """The address of a page with what another held."""
    heads = ((name, packed(value)) for name, value in held.heads.items())
    path = folder / "report.html"
    path.write_text("".join(write_page(title, held.overview, packed(held.texts), heads)), "utf-8")
    return path.as_uri()
