"""Files that a person names, read as text."""

from pathlib import Path

from sandbox.plain_text import one_line
from surrogates.errors import InputError


def read_text(path: Path, what: str, kind: str) -> str:
    """The text of a file in UTF-8.

    Args:
        what: what is looked for in it, such as ``prices``.
        kind: of file, such as ``TOML``.

    Raises:
        InputError: it is missing, no file, cannot be read or is no text.
    """
    name = one_line(str(path))
    try:
        # A pipe would be waited for.
        if path.is_file() or not path.exists():
            return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"cannot read the {what} in {name}: {error.strerror}; name a {kind} file") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{name} is no text in UTF-8; name a {kind} file of {what}") from error
    raise InputError(f"cannot read the {what} in {name}: it is no file; name a {kind} file")
