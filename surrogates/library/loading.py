"""The assignment that a library on disk gives."""

from contextlib import closing
from pathlib import Path

from surrogates.language.program import Program
from surrogates.library.heads import Head
from surrogates.library.library import FILE_NAME, Library
from surrogates.library.program_files import read_folder


def load_library(folder: str | Path) -> dict[Head, Program]:
    """The program that stands in for each head.

    Args:
        folder: a run directory, or a folder of program files as a run's ``programs`` is one, edited perhaps: of each
            head's files the one whose first line says that it stands in, or else the first by name.

    Raises:
        InputError: the folder holds neither, or something in it is damaged or refused.
    """
    folder = Path(folder)
    if not (folder / FILE_NAME).is_file():
        return read_folder(folder)
    with closing(Library(folder)) as library:
        return {head: entry.program for head, entry in library.surrogates().items()}
