"""Reads programs that a person wrote: one file each, in a folder."""

import re
from pathlib import Path

from surrogates.errors import InputError
from surrogates.library import label_of


def read_programs(folder: Path) -> list[tuple[str, str]]:
    """Label and source of every ``.py`` file of a folder and its subfolders, in the order of their paths.

    Raises:
        InputError: the folder is missing or holds no ``.py`` file, or one cannot be read.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder; give --programs a folder with one .py file a program")
    paths = sorted(folder.rglob("*.py"))
    if not paths:
        raise InputError(f"{folder} holds no .py file; give --programs a folder with one .py file a program")
    found = []
    for path in paths:
        try:
            found.append((_label(path), _without_figures(path.read_text(encoding="utf-8"))))
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path} cannot be read: {error}; save it as UTF-8 text") from error
    return found


def _label(path: Path) -> str:
    """The file's name, without the rank that an exported file has in front."""
    return label_of(re.sub(r"^\d+_(?=.)", "", path.stem))


def _without_figures(source: str) -> str:
    """The source without the comment that an exported file begins with: an edited copy has other figures."""
    return re.sub(r"\A# L\d+H\d+, test IoU .*\n", "", source)
