"""The assignment that a library on disk gives."""

import re
from contextlib import closing
from pathlib import Path

from surrogates.errors import InputError
from surrogates.language.program import Program
from surrogates.language.tokens import READING, read_otherwise
from surrogates.library.clusters_file import with_clusters
from surrogates.library.heads import Head
from surrogates.library.library import FILE_NAME, FITTED, Library
from surrogates.library.program_files import read_folder


def load_library(folder: str | Path, name: str = FITTED) -> dict[Head, Program]:
    """The program that stands in for each head.

    Args:
        folder: a run directory, or a folder of program files as a run's ``programs`` is one, edited perhaps: of each
            head's files the one whose first line says that it stands in, or else the first by name.
        name: of a run's assignments; what `headsynth calibrate` writes is called ``calibrated-25`` and the like.

    Raises:
        InputError: there is no such assignment, the folder holds neither, something in it is damaged, missing or
            refused, or the run read tokens in another way, so that its constants are fitted to other facts.
    """
    folder = Path(folder)
    if not (folder / FILE_NAME).is_file():
        if name != FITTED:
            raise InputError(f"{folder} holds program files, which have no names; name the folder of {name}")
        return with_clusters(read_folder(folder), folder)
    settings = folder / "run.toml"
    if settings.is_file():
        read = re.search(r"^tokens = (\d{1,9})$", settings.read_text(encoding="utf-8", errors="replace"), re.MULTILINE)
        if read is None or int(read[1]) != READING:
            raise read_otherwise(folder)
    with closing(Library(folder)) as library:
        if name == FITTED:
            programs = {head: entry.program for head, entry in library.surrogates().items()}
        else:
            programs = library.assignment(name)
    return with_clusters(programs, folder / "programs")
