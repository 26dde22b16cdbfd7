"""``headsynth demo``: every job on the bundled model."""

from pathlib import Path

from synth.asked import Asked
from synth.commands.evaluate import show_evaluation
from synth.commands.inspect import show_library
from synth.commands.report import write_report
from synth.engine import Engine
from synth.pipeline import synthesize
from synth.progress import Reporter
from synth.settings import DEMO_CORPUS, DEMO_MODEL


def demo(output: Path, engine: Engine, reporter: Reporter) -> None:
    """Synthesize, inspect, evaluate and report; run again, it goes on from what is there."""
    with synthesize(DEMO_MODEL, DEMO_CORPUS, output=output, max_tokens=64, engine=engine, reporter=reporter) as run:
        show_library(run)
    show_evaluation(output, Asked(), reporter, as_json=False)
    reporter.say(f"programs: {run.programs}; one head's: headsynth inspect {output} L0H0")
    write_report(output, None, reporter)
