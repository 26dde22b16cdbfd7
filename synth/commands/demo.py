"""``headsynth demo``: every job on the bundled model."""

from pathlib import Path

from synth.commands.evaluate import evaluate
from synth.commands.inspect import show_library
from synth.engine import Engine
from synth.pipeline import Request, synthesize
from synth.progress import Reporter
from synth.run import DEMO_CORPUS, DEMO_MODEL, Settings


def demo(output: Path, engine: Engine, reporter: Reporter) -> None:
    """Synthesize, inspect and evaluate; run again, it goes on from what is there."""
    settings = Settings(model=DEMO_MODEL, corpus=DEMO_CORPUS, max_tokens=64)
    run = synthesize(Request(settings, output, engine=engine), reporter)
    show_library(run)
    evaluate(output, "10,25,50,75,100", "cpu", "raise", reporter, as_json=False)
    reporter.say(f"programs: {run.programs}; one head's: headsynth inspect {output} L0H0")
