"""JSON that a server sent, of whatever shape it chose: decoded, and quoted in messages."""

import json
import reprlib
from typing import Any, NoReturn

from sandbox.plain_text import one_line

_SHORT = reprlib.Repr()  # however deep, long or wide a value is
_SHORT.maxstring = _SHORT.maxother = 80


def read_json(text: str) -> Any:
    """What a text from a server says.

    Raises:
        ValueError: it is no JSON, nested too deep or with a number that Python does not read; one line says which.
    """
    try:
        return json.loads(text, strict=False, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    except ValueError as error:
        raise ValueError(one_line(str(error))) from error


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number in JSON")


def shown(value: object) -> str:
    """Something decoded, whatever it is, as part of a message: at most 80 characters."""
    return one_line(_SHORT.repr(value), 80)


def error_text(body: object) -> str:
    """The message in an error's body, in one line."""
    error = body.get("error", body) if isinstance(body, dict) else body
    message = error.get("message", error) if isinstance(error, dict) else error
    return (one_line(message) if isinstance(message, str) else shown(message)) or "no reason given"
