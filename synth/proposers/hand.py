"""Reads programs that a person wrote: one file each, in a folder."""

import os
from pathlib import Path
from typing import NoReturn

from surrogates.errors import InputError
from surrogates.library.program_files import check_length, label_of_file, without_figures
from synth.regular_files import reading


def read_programs(folder: Path) -> list[tuple[str, str]]:
    """Label and source of every ``.py`` file of a folder and its subfolders, in the order of their paths.

    Raises:
        InputError: the folder is missing or holds no ``.py`` file, or one cannot be read.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder; give --programs a folder with one .py file a program")
    paths = sorted(Path(root, name) for root, _, names in os.walk(folder, onerror=_refuse) for name in names)
    paths = [path for path in paths if path.suffix == ".py"]
    if not paths:
        raise InputError(f"{folder} holds no .py file; give --programs a folder with one .py file a program")
    return [(label_of_file(path), without_figures(_read(path))) for path in paths]


def _read(path: Path) -> str:
    with reading(path, "take it out of the folder"):
        check_length(path)
        return path.read_text(encoding="utf-8-sig")


def _refuse(error: OSError) -> NoReturn:
    raise InputError(f"cannot read {error.filename}: {error.strerror}; change its permissions") from error
