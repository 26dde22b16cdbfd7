"""Reads programs that a person wrote: one file each, in a folder."""

from pathlib import Path

from surrogates.errors import InputError
from surrogates.library import label_of
from surrogates.program import Program, ProgramRefused


def read_programs(folder: Path) -> list[tuple[str, Program]]:
    """Label and program of every ``.py`` file of a folder and its subfolders, in the order of their paths.

    Raises:
        InputError: the folder is missing or holds no program, or a file is not a program.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder; give --programs a folder with one .py file a program")
    paths = sorted(folder.rglob("*.py"))
    if not paths:
        raise InputError(f"{folder} holds no .py file; give --programs a folder with one .py file a program")
    found = []
    for path in paths:
        try:
            found.append((label_of(path.stem), Program.parse(path.read_text(encoding="utf-8"))))
        except ProgramRefused as error:
            raise InputError(f"{path}: {error.problems[0]}") from error
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path} cannot be read: {error}; save it as UTF-8 text") from error
    return found
