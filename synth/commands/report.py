"""``headsynth report``: a run as a page."""

from pathlib import Path

from synth.console import Terminal
from synth.progress import Reporter
from synth.reporting import FILE_NAME, check_writable, report
from synth.run import open_run


def write_report(path: Path, output: Path | None, reporter: Reporter) -> None:
    """Write the page of a run, and say where it is, how large, and what is not in it.

    Raises:
        InputError: see :func:`synth.reporting.report`; or it cannot be written.
    """
    console = Terminal()
    with open_run(path) as run:
        output = output or run.path / FILE_NAME
        check_writable(output)
        made = report(run, reporter=reporter)
        size = made.write(output)
    console.print(f"report: {output}, {size / 1e6:.1f} MB", soft_wrap=True)
    for notice in made.notices:
        console.print(notice, soft_wrap=True)
