"""What a server's bodies say when something is wrong, whatever their shape."""

import json
import re
import reprlib
from typing import Any, NoReturn

from sandbox.plain_text import one_line

_SHORT = reprlib.Repr()  # however deep, long or wide a value is
_SHORT.maxstring = _SHORT.maxother = 80
_LONGEST_REASON = 500
_DEEPEST = 4
_SHOWN = 3
"""Of a list of reasons."""
_STATUS_OF = (
    (re.compile(r"quota|billing|credit|payment"), 402),
    (re.compile(r"permission"), 403),
    (re.compile(r"auth|api.?key"), 401),
    (re.compile(r"model_not_found"), 404),
    (re.compile(r"rate.?limit|too.?many|exhausted"), 429),
    (re.compile(r"invalid|bad.?request|unsupported|context.?length"), 400),
)
"""What an error's kind in words comes to."""
_PASSING = 502
_REASONS = ("error", "message", "msg", "detail")
"""Where a reason stands."""


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
    """The reason in an error's body, in one line: its message, what that is about, and what a server behind it said."""
    return one_line(_reason(body, _DEEPEST), _LONGEST_REASON) or "no reason given"


def _reason(body: object, depth: int) -> str:
    if isinstance(body, str):
        return body
    if isinstance(body, list) and body and depth:
        return "; ".join(_reason(entry, depth - 1) for entry in body[:_SHOWN])
    if not isinstance(body, dict) or not depth or not (found := [body[name] for name in _REASONS if body.get(name)]):
        return shown(body) if body else ""
    said = _reason(found[0], depth - 1)
    # Such as FastAPI's {"loc": ["body", "max_tokens"], "msg": "Extra inputs are not permitted"}.
    place = body.get("loc")
    if isinstance(place, list):
        return f"{'.'.join(map(str, place[:_DEEPEST]))}: {said}"
    parameter, metadata = body.get("param"), body.get("metadata")
    if isinstance(parameter, str) and parameter not in said:
        said += f" ({parameter})"
    behind = metadata.get("raw") if isinstance(metadata, dict) else None
    return f"{said}: {behind}" if isinstance(behind, str) and behind not in said else said


def error_within(body: object) -> tuple[int, str] | None:
    """Of a body that came with status 200: the status that it ought to have had and the reason; None of an answer.

    Routers pass on in this way what failed behind them: as an error in the place of an answer, as one within the
    choice, or as a choice that finished by ``error``. What counts tokens of an answer is one all the same: it is paid
    for. An error that names neither a status nor a kind is taken for one that may pass.
    """
    if not isinstance(body, dict) or counted(body, "completion_tokens"):
        return None
    choices = body.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    message = choice.get("message")
    error: object = None
    if choice.get("error") or choice.get("finish_reason") == "error":
        error = choice.get("error") or body.get("error") or "the answer broke off"
    elif body.get("object") == "error":
        error = body
    elif not (isinstance(message, dict) and message.get("content")):
        error = body.get("error")
    if not error:
        return None
    return _status(error), f"{error_text(error)} (within a 200)"


def _status(error: object) -> int:
    if not isinstance(error, dict):
        return _PASSING
    named = [error.get(name) for name in ("status", "status_code", "code", "type")]
    for value in named:
        number = int(value) if isinstance(value, str) and re.fullmatch(r"\d{3}", value) else value
        if type(number) is int and 400 <= number < 600:
            return number
    kinds = " ".join(value for value in named if isinstance(value, str)).lower()
    return next((status for pattern, status in _STATUS_OF if pattern.search(kinds)), _PASSING)


def counted(body: dict[str, Any], name: str) -> int | None:
    """Tokens that a body counts under a name; None where it does not, or oddly."""
    usage = body.get("usage")
    count = usage.get(name) if isinstance(usage, dict) else None
    return count if type(count) is int and 0 <= count < 2**40 else None
