"""Asking by batch against a server: handed in once, waited for, read; whatever ends early says how."""

from pathlib import Path
from typing import Any

import pytest

from synth.llm.batches import BatchClient
from synth.llm.failures import Failure
from synth.llm.money import Budget
from synth.llm.store import Exchange, Exchanges
from tests.llm.asking import (
    PARAMETERS,
    WORST,
    Steps,
    contents,
    exchanges_of,
    noted,
    nowhere,
    question,
    questions,
    refusal,
)
from tests.llm.scripted_server import Reply, ScriptedServer, answer, error


def echo(prompt: str, _: int) -> Reply:
    return answer(f"answer to {prompt}")


def batch_client(server: ScriptedServer, exchanges: Exchanges, **options: Any) -> BatchClient:
    given: dict[str, Any] = {"poll": 0.02, "retries": 1} | options
    return BatchClient(PARAMETERS, server.base_url, exchanges, **given)


def handed_in(server: ScriptedServer) -> int:
    return sum(request.method == "POST" and request.path == "/v1/batches" for request in server.requests)


def test_a_batch_is_handed_in_waited_for_and_read(exchanges: Exchanges) -> None:
    asks, steps = [*questions(5), question("question 2")], Steps()
    with ScriptedServer(echo) as server:
        asking = batch_client(server, exchanges)
        outcomes = asking.ask(asks, steps)
        assert contents(outcomes) == [f"answer to question {number}" for number in (0, 1, 2, 3, 4, 2)]
        assert asking.ask(asks, nowhere) == outcomes
        assert handed_in(server) == 1
        assert server.completions == []
    assert steps.told[-1] == (5, 5, "")
    assert exchanges.totals().calls == 5


def test_only_what_is_new_is_handed_in(exchanges: Exchanges) -> None:
    with ScriptedServer(echo) as server:
        batch_client(server, exchanges).ask(questions(2), nowhere)
        contents(batch_client(server, exchanges).ask(questions(3), nowhere))
        assert handed_in(server) == 2
        assert server.files["file-3"].count(b"\n") == 1  # the first batch has an input, an output and an error file


class Killed(BaseException):
    pass


def test_a_killed_run_goes_on_waiting_for_its_batch(tmp_path: Path) -> None:
    def dies(done: int, total: int, figure: str = "") -> None:  # noqa: ARG001 - a `Step`
        raise Killed

    with ScriptedServer(echo) as server:
        with exchanges_of(tmp_path) as exchanges, pytest.raises(Killed):
            batch_client(server, exchanges).ask(questions(3), dies)
        with exchanges_of(tmp_path) as exchanges:
            assert exchanges.totals().calls == 0
            contents(batch_client(server, exchanges).ask(questions(3), nowhere))
            assert exchanges.open_batches(server.base_url) == []
        assert handed_in(server) == 1


def test_questions_that_fail_in_a_batch_are_told(exchanges: Exchanges) -> None:
    play = lambda prompt, _: error(400, "too long") if prompt == "question 1" else answer("fine")  # noqa: E731
    with ScriptedServer(play) as server:
        outcomes = batch_client(server, exchanges).ask(questions(3), nowhere)
    contents([outcomes[0], outcomes[2]])
    assert outcomes[1] == Failure("refused", "400: too long")


def test_a_batch_that_expires_keeps_what_was_answered(exchanges: Exchanges) -> None:
    with ScriptedServer(echo, batch_state="expired") as server:
        outcomes = batch_client(server, exchanges).ask(questions(4), nowhere)
        contents(outcomes[:2])
        assert outcomes[2:] == [Failure("expired", "This request could not be executed in time.")] * 2
        # What failed may be handed in again.
        server.batch_state = "completed"
        contents(batch_client(server, exchanges).ask(questions(4), nowhere))


def test_a_batch_that_fails_says_why(exchanges: Exchanges) -> None:
    with ScriptedServer(echo, batch_state="failed") as server:
        message = refusal(lambda: batch_client(server, exchanges).ask(questions(2), nowhere))
        assert "the batch batch_0 failed: line 1 is bad" in message
        assert exchanges.open_batches(server.base_url) == []
        # Nothing is stored of it: the next run hands the questions in anew.
        server.batch_state = "completed"
        contents(batch_client(server, exchanges).ask(questions(2), nowhere))


def test_a_budget_bounds_what_is_handed_in(exchanges: Exchanges) -> None:
    with ScriptedServer(echo) as server:
        budget = Budget(2.5 * WORST, "tokens")
        outcomes = batch_client(server, exchanges, budget=budget).ask(questions(4), nowhere)
    contents(outcomes[:2])
    assert outcomes[2:] == [None, None]


def test_a_server_without_batches(exchanges: Exchanges) -> None:
    with ScriptedServer(echo, batches=False) as server:
        message = refusal(lambda: batch_client(server, exchanges).ask(questions(2), nowhere))
    assert server.base_url in message
    assert "`headsynth llm export`" in message
    assert "`headsynth llm import`" in message


def test_a_server_that_lost_the_batch(exchanges: Exchanges) -> None:
    with ScriptedServer(echo) as server:
        assert exchanges.open_batch("batch_9", server.base_url, noted(exchanges, 1))
        message = refusal(lambda: batch_client(server, exchanges).ask(questions(1), nowhere))
        assert "batch_9" in message
        contents(batch_client(server, exchanges).ask(questions(1), nowhere))


def test_a_wrong_key_and_a_server_that_is_not_there(exchanges: Exchanges, connections: list[object]) -> None:
    with ScriptedServer(echo, key="right") as server:
        message = refusal(lambda: batch_client(server, exchanges, key="wrong").ask(questions(1), nowhere))
        assert "refuses the API key" in message
    connections.clear()
    message = refusal(lambda: batch_client(server, exchanges, retries=1).ask(questions(1), nowhere))
    assert len(connections) == 2
    assert server.base_url in message


def test_answers_that_came_by_other_ways_are_used(exchanges: Exchanges) -> None:
    key = question("question 0").key(PARAMETERS)
    exchanges.add(Exchange(key, "known", "stop", 1, 1, None, 0.0, "scripted"))
    with ScriptedServer(echo) as server:
        assert contents(batch_client(server, exchanges).ask(questions(2), nowhere))[0] == "known"
