"""The report of a run on a tiny model, made once for the tests of a module."""

from pathlib import Path

import pytest

from synth.cli import main
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
