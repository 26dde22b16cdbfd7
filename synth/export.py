"""Writes the ranked programs as files that a person reads and edits."""

import shutil

from surrogates.errors import InputError
from surrogates.library.clusters_file import FILE_NAME, clusters_text
from surrogates.library.program_files import file_text
from synth.regular_files import mend_writing
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
                (folder / f"{entry.name}.py").write_text(file_text(head, entry), encoding="utf-8")
        if run.material.clusters.names:
            (unfinished / FILE_NAME).write_text(clusters_text(run.material.clusters), encoding="utf-8")
        shutil.rmtree(run.programs, ignore_errors=True)
        unfinished.replace(run.programs)
    except OSError as error:
        raise InputError(
            f"cannot write {run.programs}: {error.strerror}; {mend_writing(error)} and run again"
        ) from error
