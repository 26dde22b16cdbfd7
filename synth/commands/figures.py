"""``headsynth figures``: a run's figures as files."""

from pathlib import Path

from sandbox.plain_text import one_line
from surrogates.errors import InputError
from synth.console import Terminal
from synth.figures import run_figures
from synth.progress import Reporter
from synth.regular_files import mend_writing
from synth.run import open_run


def write_figures(path: Path, output: Path, reporter: Reporter) -> None:
    """Write each figure as PDF and PNG, and beside them its table as CSV.

    Raises:
        InputError: see :func:`synth.figures.run_figures`; or the folder cannot be written.
    """
    console = Terminal()
    with open_run(path) as run:
        try:
            output.mkdir(parents=True, exist_ok=True)
            for picture in run_figures(run, reporter):
                for name, content in picture.files().items():
                    (output / name).write_bytes(content)
                console.print(f"{output / picture.name}: pdf, png, csv", soft_wrap=True)
        except OSError as error:
            raise InputError(
                f"cannot write {one_line(str(error.filename or output))}: {error.strerror}; {mend_writing(error)}, or "
                "name another --output"
            ) from error
