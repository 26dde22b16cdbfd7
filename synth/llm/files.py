"""Questions and answers as files, in the format of OpenAI's batches: to hand in elsewhere, or to answer by hand."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from prompts.conversation import Message, estimate_prompt
from sandbox.plain_text import one_line, valid
from surrogates.errors import InputError
from synth.llm.answers import read_body
from synth.llm.calls import Reply, request_body
from synth.llm.dialect import LIMITS, Dialect
from synth.llm.errors import error_text, error_within, read_json
from synth.llm.failures import Failure, FailureKind
from synth.llm.money import BATCH_SHARE, Prices
from synth.llm.store import Ask, Exchange, Exchanges, Parameters
from synth.progress import Step
from synth.regular_files import read_text

MOST_REQUESTS = 50_000
MOST_BYTES = 200_000_000
_SHORTEST = len('{"custom_id":"","error":{}}')
"""Characters of the shortest line that can be an answer."""
_CARRIED = "files"
"""What stands for the server of questions that are carried."""
_START = Dialect(LIMITS[1])
"""The format is OpenAI's, all of whose models take this limit and some no other."""


@dataclass(frozen=True)
class Request:
    """A question as a file carries it.

    Attributes:
        key: names its answer.
        label: what it is about, such as ``L3H7``; so for ``round``.
        body: what is sent to ``/chat/completions``.
    """

    key: str
    label: str
    round: int
    body: dict[str, Any]

    @property
    def custom_id(self) -> str:
        """The key behind what the question is about, as whoever carries it may want to know."""
        return f"{self.label}-round{self.round}-{self.key}" if self.label and self.round else self.key


def key_of(custom_id: str) -> str:
    """The key in a ``custom_id``; earlier versions wrote nothing before it."""
    return custom_id.rpartition("-")[2]


@dataclass(frozen=True)
class Imported:
    """How the lines of answers fared.

    Attributes:
        new: keys of the answers that were stored.
        kept: answers to questions that had one, which stays.
        unknown: lines that answer no question of the run.
        failures: by key, questions whose line says that they failed.
        bad: lines that are no answers, each as its number and what is wrong with it.
    """

    new: tuple[str, ...]
    kept: int
    unknown: int
    failures: dict[str, Failure]
    bad: tuple[str, ...]

    @property
    def stored(self) -> int:
        return len(self.new)

    @property
    def problem(self) -> str:
        """Of the bad lines the first, and what came of the others; there must be one."""
        more = f" ({len(self.bad)} such lines)" if len(self.bad) > 1 else ""
        return f"{self.bad[0]}{more}; {self.stored} other answers were stored"


class Carried:
    """Answers what is stored, and notes what is not.

    Attributes:
        noted: the questions that wait, in their order.
        asked: keys of all, answered or not.
    """

    def __init__(self, parameters: Parameters, exchanges: Exchanges) -> None:
        self._parameters = parameters
        self._exchanges = exchanges
        self.noted: list[Request] = []
        self.asked: set[str] = set()

    @property
    def remarks(self) -> list[str]:
        return []

    def ask(self, asks: Sequence[Ask], progress: Step) -> list[Reply]:
        """Stored answers in the order of the questions, None for those that wait."""
        keys = [ask.key(self._parameters) for ask in asks]
        replies: list[Reply] = [self._exchanges.get(key) for key in keys]
        dialect = self._exchanges.dialect(self._parameters.model) or _START
        waiting = {key: ask for key, ask, reply in zip(keys, asks, replies, strict=True) if reply is None}
        self._exchanges.note(waiting, self._parameters.model)
        for key, ask in waiting.items():
            self.noted.append(Request(key, ask.label, ask.round, request_body(ask, self._parameters, dialect)))
        self.asked.update(keys)
        progress(len(asks) - len(waiting), len(asks), f"{len(waiting)} wait for an answer")
        return replies


def request_lines(requests: Iterable[Request]) -> Iterator[str]:
    """A line for each question, line break included."""
    for request in requests:
        line = {"custom_id": request.custom_id, "method": "POST", "url": "/v1/chat/completions", "body": request.body}
        yield json.dumps(line) + "\n"


def split_lines(
    lines: Iterable[str], most_requests: int = MOST_REQUESTS, most_bytes: int = MOST_BYTES
) -> Iterator[list[str]]:
    """Lines (ASCII) in parts that a server takes as one batch."""
    part: list[str] = []
    size = 0
    for line in lines:
        if part and (len(part) == most_requests or size + len(line) > most_bytes):
            yield part
            part, size = [], 0
        part.append(line)
        size += len(line)
    if part:
        yield part


def write_requests(requests: Sequence[Request], path: Path) -> list[Path]:
    """Write questions to ``path``, or to ``name-2.jsonl`` and so on beside it as well where one file is too large.

    Returns:
        The files written; none without questions.
    """
    paths = []
    for number, part in enumerate(split_lines(request_lines(requests)), start=1):
        target = path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")
        target.write_text("".join(part), encoding="ascii")
        paths.append(target)
    return paths


def import_answers(path: Path, exchanges: Exchanges, prices: Prices) -> Imported:
    """Store the answers in a file: a batch's output, or lines ``{"custom_id": …, "content": …}`` written by hand.

    Answers by hand count as no tokens and no dollars. What refusals say of a question's form is learned for the next.

    Raises:
        InputError: the file cannot be read, or a line of it is no answer; the good lines are stored all the same.
    """
    read = store_answers(read_text(path, "answers", "JSONL"), exchanges, prices)
    refusals: dict[str, list[str]] = {}
    for key, failure in read.failures.items():
        if asked := exchanges.asked(key):
            refusals.setdefault(asked[0], []).append(failure.reason)
    for model, reasons in refusals.items():
        sent = exchanges.dialect(model) or _START
        # The file may have been written, and read before, when less was known.
        met = [reason for reason in reasons if sent.may_have_met(reason)]
        if wanted := next((other for other in map(sent.after, met) if other != sent), None):
            exchanges.keep_dialect(model, _CARRIED, wanted)
    if read.bad:
        raise InputError(f"{one_line(str(path))}, {read.problem}: mend the file and import it again")
    return read


def store_answers(text: str, exchanges: Exchanges, prices: Prices) -> Imported:
    """Store the answers in JSONL text; its good lines, whatever the others are."""
    new: list[str] = []
    kept = unknown = 0
    failures: dict[str, Failure] = {}
    bad: list[str] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        if bad and len(line) < _SHORTEST:
            bad.append(f"line {number}: is too short")  # the first tells more; of others there may be half a million
            continue
        try:
            key, entry = _entry(line)
            asked = exchanges.asked(key)
            read = _read(entry, key, *(asked or ("", ())), prices)
        except InputError as error:
            bad.append(f"line {number}: {error}")
            continue
        if exchanges.get(key) is not None:
            kept += 1
        elif asked is None:
            unknown += 1
        elif isinstance(read, Failure):
            failures[key] = read
        else:
            exchanges.add(read)
            new.append(key)
    # A question may have failed in one line and been answered in another.
    failures = {key: why for key, why in failures.items() if exchanges.get(key) is None}
    return Imported(tuple(new), kept, unknown, failures, tuple(bad))


def _entry(line: str) -> tuple[str, dict[str, Any]]:
    """A line's key and all that it holds."""
    try:
        entry = read_json(line)
    except ValueError as error:
        raise InputError(f"is no JSON ({error})") from error
    key = entry.get("custom_id") if isinstance(entry, dict) else None
    if not isinstance(key, str):
        raise InputError('has no custom_id; write {"custom_id": "…", "content": "…"}')
    return key_of(valid(key)), entry


def _read(
    entry: dict[str, Any], key: str, model: str, messages: Sequence[Message], prices: Prices
) -> Exchange | Failure:
    """What a line says of a question, which for an unknown one means nothing."""
    if "content" in entry:
        if not isinstance(entry["content"], str):
            raise InputError("has a content that is no text")
        body: object = {"choices": [{"message": {"content": entry["content"]}, "finish_reason": "stop"}]}
        by_hand = read_body(body, key, 0, model, None, 0.0)
        return replace(by_hand, answer_tokens=0, dollars=0.0) if isinstance(by_hand, Exchange) else by_hand
    response = entry.get("response")
    if isinstance(response, dict) and type(status := response.get("status_code")) is int and 100 <= status < 600:
        within = error_within(response.get("body")) if status == 200 else (status, error_text(response.get("body")))
        if within:
            return Failure(_kind(within[0]), f"{within[0]}: {within[1]}")
        read = read_body(response.get("body"), key, estimate_prompt(messages), model, prices.of(model), 0.0)
        if isinstance(read, Exchange) and read.dollars is not None:
            read = replace(read, dollars=read.dollars * BATCH_SHARE)
        return read
    if isinstance(words := entry.get("error"), dict):
        expired = words.get("code") == "batch_expired"
        return Failure("expired" if expired else "server error", error_text(entry))
    raise InputError("has neither a content, nor a response with a status_code, nor an error")


def _kind(status: int) -> FailureKind:
    if status == 429:
        return "rate limited"
    return "server error" if status >= 500 else "refused"
