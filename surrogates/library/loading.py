"""The assignment that a library on disk gives."""

from contextlib import closing
from pathlib import Path

from surrogates.language.program import Program
from surrogates.library.heads import Head
from surrogates.library.library import Library


def load_library(folder: str | Path) -> dict[Head, Program]:
    """The assignment of a finished run: the program that stands in for each head.

    Raises:
        InputError: the folder holds no library, or one that is damaged.
    """
    with closing(Library(Path(folder))) as library:
        return {head: entry.program for head, entry in library.surrogates().items()}
