"""What a server says of a batch, read with care: its words are odd at times, and what is in it was paid for."""

from dataclasses import dataclass

from sandbox.plain_text import one_line
from synth.llm.errors import error_text, read_json, shown

_LONGEST_ID = 200


class OddAnswer(ValueError):  # noqa: N818 - a fault of the server's, told within a message
    """What is odd about an answer, as part of a line."""


@dataclass(frozen=True)
class BatchState:
    """A batch as the server describes it.

    Attributes:
        status: in the server's words, in one line.
        completed: questions that are answered so far; 0 where the server does not say.
        files: ids of the files with answers and with errors, those there are.
        odd: what is wrong with the files beside these, or with there being none.
        reason: the server's words for an end without answers; may be empty.
    """

    status: str
    completed: int
    files: tuple[str, ...]
    odd: tuple[str, ...]
    reason: str


def read_id(text: str) -> str:
    """The id of what was just made.

    Raises:
        OddAnswer: the answer holds none that can be asked for again.
    """
    return _id("id", _object(text).get("id"))


def read_state(text: str) -> BatchState:
    """The state of a batch.

    Raises:
        OddAnswer: it does not say whether the batch has ended.
    """
    body = _object(text)
    status = body.get("status")
    if not isinstance(status, str) or not status.strip():
        raise OddAnswer(f"its status is {shown(status)}")
    counts = body.get("request_counts")
    completed = counts.get("completed") if isinstance(counts, dict) else None
    files, odd = [], []
    for name in ("output_file_id", "error_file_id"):
        if body.get(name) not in (None, ""):
            try:
                files.append(_id(name, body[name]))
            except OddAnswer as error:
                odd.append(str(error))
    if status == "completed" and not files and not odd:
        odd.append("it names no file")
    # Progress and words are only shown: odd ones must not keep anyone from answers that were paid for.
    return BatchState(
        status=one_line(status, 40),
        completed=completed if type(completed) is int and completed >= 0 else 0,
        files=tuple(files),
        odd=tuple(odd),
        reason=_reason(body.get("errors")),
    )


def _object(text: str) -> dict:
    try:
        body = read_json(text)
    except ValueError as error:
        raise OddAnswer(f"it is no JSON: {error}") from error
    if not isinstance(body, dict):
        raise OddAnswer(f"it is no JSON object but {shown(body)}")
    return body


def _id(name: str, value: object) -> str:
    """A text that a path can hold and a terminal can show."""
    if not isinstance(value, str) or not value.strip(" .") or not value.isprintable() or len(value) > _LONGEST_ID:
        raise OddAnswer(f"its {name} is {shown(value)}")
    return value


def _reason(errors: object) -> str:
    listed = errors.get("data", errors) if isinstance(errors, dict) else errors
    first = listed[0] if isinstance(listed, list) and listed else listed
    return error_text(first) if first else ""
