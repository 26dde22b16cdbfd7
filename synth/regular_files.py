"""Files that somebody names, or may have put where a run keeps its own: only regular ones are opened."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_ISREG

from sandbox.plain_text import one_line
from surrogates.errors import InputError

_IN_ITS_PLACE = {errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ELOOP}


def mend_writing(error: Exception) -> str:
    """What to do about a file or a folder that cannot be written."""
    if isinstance(error, PermissionError):
        return "change its permissions"
    if isinstance(error, OSError) and error.errno in _IN_ITS_PLACE:
        return "take away what is in its place"
    return "free some space"


def check_regular(path: Path, remedy: str) -> None:
    """Refuse a pipe, which nobody may ever write to or read from, a folder and the like.

    What is not there, or cannot be looked at, passes: opening it tells more.

    Args:
        remedy: what to do, as the end of a message.

    Raises:
        InputError: it is something other than a file.
    """
    with suppress(OSError):
        if not S_ISREG(path.stat().st_mode):
            raise InputError(f"cannot use {one_line(str(path))}: it is no file; {remedy}")


@contextmanager
def reading(path: Path, remedy: str, what: str = "") -> Iterator[None]:
    """Turn what goes wrong while a file is read as UTF-8 into one line.

    Args:
        remedy: what to do, as the end of a message.
        what: is looked for in the file, such as ``prices``.

    Raises:
        InputError: it is missing, no file, cannot be read or is no text.
    """
    check_regular(path, remedy)
    name = one_line(str(path))
    try:
        yield
    except UnicodeDecodeError as error:
        raise InputError(
            f"{name} is no text in UTF-8 (byte {error.start}); convert it to UTF-8, or {remedy}"
        ) from error
    except OSError as error:
        name = f"the {what} in {name}" if what else name
        mend = "change its permissions, or " if isinstance(error, PermissionError) else ""
        raise InputError(f"cannot read {name}: {error.strerror}; {mend}{remedy}") from error


def read_text(path: Path, what: str, kind: str) -> str:
    """The text of a file that a person names, in UTF-8.

    Args:
        what: what is looked for in it, such as ``prices``.
        kind: of file, such as ``TOML``.

    Raises:
        InputError: it is missing, no file, cannot be read or is no text.
    """
    with reading(path, f"name a {kind} file of {what}", what):
        return path.read_text(encoding="utf-8-sig")
