"""What most tests of the client need: a run's exchanges, questions by their text, and a client that waits little."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from prompts.conversation import Message
from surrogates.errors import InputError
from surrogates.library.library import FILE_NAME, Library
from synth.llm.calls import Client
from synth.llm.store import Ask, Exchange, Exchanges, Parameters
from tests.llm.scripted_server import MODEL, ScriptedServer

PARAMETERS = Parameters(MODEL, temperature=None, answer_tokens=50)
PROMPT = 10
"""Tokens set aside for the prompt of one of :func:`questions`."""
WORST = PROMPT + 50
"""And for its answer."""


def question(text: str, sample: int = 0) -> Ask:
    return Ask((Message("user", text),), sample)


def questions(count: int) -> list[Ask]:
    return [question(f"question {number}") for number in range(count)]


def noted(exchanges: Exchanges, count: int, parameters: Parameters = PARAMETERS) -> list[str]:
    """Keys of questions that wait for their answers."""
    asks = {ask.key(parameters): ask for ask in questions(count)}
    exchanges.note(asks, parameters.model)
    return list(asks)


@contextmanager
def exchanges_of(run: Path) -> Iterator[Exchanges]:
    """The exchanges of a run directory, made when it has none."""
    Library(run, create=not (run / FILE_NAME).exists()).close()
    exchanges = Exchanges(run / FILE_NAME, create=True)
    try:
        yield exchanges
    finally:
        exchanges.close()


def client(server: ScriptedServer, exchanges: Exchanges, **options: Any) -> Client:
    given: dict[str, Any] = {"parameters": PARAMETERS, "timeout": 20.0, "retries": 3} | options
    return Client(given.pop("parameters"), server.base_url, exchanges, **given)


class Steps:
    """Progress as it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[int, int, str]] = []

    def __call__(self, done: int, total: int, figure: str = "") -> None:
        self.told.append((done, total, figure))


def nowhere(done: int, total: int, figure: str = "") -> None:
    """Progress that nobody reads."""


def refusal(call: Callable[[], Any]) -> str:
    """The one line with which a call ends; nothing in it commands a terminal."""
    with pytest.raises(InputError) as raised:
        call()
    message = str(raised.value)
    assert message.isprintable()
    return message


def contents(outcomes: list[Any]) -> list[str]:
    """The texts of answers, all of which must be there."""
    assert all(isinstance(outcome, Exchange) for outcome in outcomes), outcomes
    return [outcome.content for outcome in outcomes]
