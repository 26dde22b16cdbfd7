"""Asking: answers in order, stored and never asked twice, calls that fail in passing repeated."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from prompts.conversation import Message
from synth.llm.failures import Failure
from synth.llm.store import Ask, Exchange, Exchanges, Parameters
from tests.llm.asking import (
    PARAMETERS,
    Steps,
    client,
    contents,
    exchanges_of,
    nowhere,
    question,
    questions,
)
from tests.llm.scripted_server import MODEL, Reply, ScriptedServer, answer, drop, error, raw, trickle


def echo(prompt: str, _: int) -> Reply:
    """Late questions are answered first."""
    number = int(prompt.split()[-1])
    return answer(f"answer to {prompt}", latency=0.02 * (8 - number % 8))


def test_answers_come_in_the_order_of_the_questions(exchanges: Exchanges) -> None:
    asks, steps = questions(12), Steps()
    with ScriptedServer(echo) as server:
        outcomes = client(server, exchanges).ask(asks, steps)
    assert contents(outcomes) == [f"answer to question {number}" for number in range(12)]
    assert [done for done, _, _ in steps.told] == list(range(1, 13))
    assert {total for _, total, _ in steps.told} == {12}
    assert steps.told[-1][2] == "1,440 tokens"


def test_asks_where_a_loop_is_running_as_in_a_notebook(exchanges: Exchanges) -> None:
    with ScriptedServer(echo) as server:

        async def cell() -> list[object]:
            return list(client(server, exchanges).ask(questions(3), nowhere))

        assert contents(asyncio.run(cell())) == [f"answer to question {number}" for number in range(3)]


def test_an_answer_is_stored_as_it_came(exchanges: Exchanges) -> None:
    text = "```python\r\ndef attend(): …\n```\x00 \t"
    play = lambda *_: answer(text, finish_reason="length", usage=(321, 45), reasoning_content="hm")  # noqa: E731
    with ScriptedServer(play) as server:
        (outcome,) = client(server, exchanges).ask([question("q")], nowhere)
    assert isinstance(outcome, Exchange)
    assert (outcome.content, outcome.finish_reason, outcome.model) == (text, "length", MODEL)
    assert (outcome.prompt_tokens, outcome.answer_tokens, outcome.dollars) == (321, 45, None)
    assert outcome.seconds > 0
    assert exchanges.get(question("q").key(PARAMETERS)) == outcome
    assert exchanges.all() == [outcome]


def test_stored_answers_are_not_asked_again(exchanges: Exchanges) -> None:
    with ScriptedServer(echo) as server:
        first = client(server, exchanges).ask(questions(4), nowhere)
        second = client(server, exchanges).ask(questions(6), nowhere)
        assert second[:4] == first
        assert sorted(request.prompt for request in server.completions) == [f"question {n}" for n in range(6)]
    # What is stored needs no server.
    assert client(server, exchanges).ask(questions(6), nowhere) == second


def test_equal_questions_of_one_call_are_asked_once_and_samples_apart(exchanges: Exchanges) -> None:
    asks = [question("a"), question("b"), question("a"), question("a", sample=1)]
    play = lambda prompt, attempt: answer(f"{prompt}{attempt}")  # noqa: E731
    with ScriptedServer(play) as server:
        outcomes = contents(client(server, exchanges).ask(asks, nowhere))
        assert server.attempts("a") == 2
        assert server.attempts("b") == 1
    assert outcomes[0] == outcomes[2] != outcomes[3]


def test_no_questions_need_no_server(exchanges: Exchanges) -> None:
    with ScriptedServer(echo) as server:
        pass
    assert client(server, exchanges).ask([], nowhere) == []


@pytest.mark.parametrize("concurrency", [1, 3])
def test_no_more_calls_are_under_way_than_allowed(exchanges: Exchanges, concurrency: int) -> None:
    lock, under_way, most = threading.Lock(), 0, 0

    def play(*_: object) -> Reply:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.05)
        with lock:
            under_way -= 1
        return answer("fine")

    with ScriptedServer(play) as server:
        client(server, exchanges, concurrency=concurrency).ask(questions(9), nowhere)
    assert most == concurrency


def test_calls_that_fail_in_passing_are_repeated(exchanges: Exchanges) -> None:
    passing = {"question 0": error(500), "question 1": error(429), "question 2": error(503), "question 3": drop()}

    def play(prompt: str, attempt: int) -> Reply:
        return passing[prompt] if attempt < 3 and prompt in passing else answer(f"{prompt} at last")

    with ScriptedServer(play) as server:
        outcomes = client(server, exchanges).ask(questions(5), nowhere)
        assert [server.attempts(f"question {n}") for n in range(5)] == [3, 3, 3, 3, 1]
    assert contents(outcomes) == [f"question {n} at last" for n in range(5)]


def test_a_server_that_says_when_to_come_back_is_obeyed(exchanges: Exchanges) -> None:
    free_again: list[float] = []

    def play(_prompt: str, attempt: int) -> Reply:
        if attempt == 1:
            free_again.append(time.monotonic() + 1.2)
        return error(429, retry_after=1.2) if time.monotonic() < free_again[0] else answer("fine")

    with ScriptedServer(play) as server:
        contents(client(server, exchanges).ask([question("q")], nowhere))
        assert server.attempts("q") == 2  # whoever comes too early is sent away again


def test_one_question_that_fails_leaves_the_others(exchanges: Exchanges) -> None:
    bad = {
        "question 1": (error(500, "on fire"), "server error", "on fire"),
        "question 2": (error(429, "slow down"), "rate limited", "slow down"),
        "question 3": (error(400, "context is\ntoo long"), "refused", "400: context is too long"),
        "question 4": (raw(b'{"choices": ['), "invalid response", "no JSON"),
        "question 5": (raw(b'"hello"'), "invalid response", "hello"),
        "question 6": (raw(b'{"choices": []}'), "invalid response", "choices"),
        "question 7": (raw(b'{"error": {"message": "upstream died"}}'), "server error", "upstream died"),
        "question 8": (drop(), "connection", "disconnected"),
        "question 9": (raw(b"[" * 100_000), "invalid response", "no JSON"),
    }

    def play(prompt: str, _: int) -> Reply:
        return bad[prompt][0] if prompt in bad else answer(prompt)

    with ScriptedServer(play) as server:
        asked = client(server, exchanges, retries=1)
        outcomes = asked.ask(questions(11), nowhere)
        for number, outcome in enumerate(outcomes):
            if f"question {number}" in bad:
                _, kind, words = bad[f"question {number}"]
                assert isinstance(outcome, Failure)
                assert outcome.kind == kind
                assert words in outcome.reason
                assert "\n" not in outcome.reason
        assert contents([outcomes[0], outcomes[10]]) == ["question 0", "question 10"]
        assert exchanges.totals().calls == 2
        # Nothing about a failure is kept: when it has passed, the question is asked again.
        bad.clear()
        assert contents(asked.ask(questions(11), nowhere)) == [f"question {n}" for n in range(11)]


@pytest.mark.parametrize("slow", ["stalled", "trickling"])
def test_a_try_that_takes_too_long_is_cut_off_and_not_repeated(exchanges: Exchanges, slow: str) -> None:
    late = answer("late", latency=60) if slow == "stalled" else trickle("late", between=0.1)
    play = lambda prompt, _: late if prompt == "late" else answer("fine")  # noqa: E731
    with ScriptedServer(play) as server:
        good, bad = client(server, exchanges, timeout=0.8).ask([question("soon"), question("late")], nowhere)
        assert server.attempts("late") == 1
    assert server.replied == ["soon"]  # nobody waited for the end of the other
    contents([good])
    assert bad == Failure("timed out", "no whole answer within 0.8 s")


def test_empty_content_and_missing_counts_are_answers(exchanges: Exchanges) -> None:
    replies = {
        "empty": answer(None, reasoning_content="so much to think"),
        "uncounted": answer("word " * 9, usage=None),
    }
    with ScriptedServer(lambda prompt, _: replies[prompt]) as server:
        empty, uncounted = client(server, exchanges).ask([question("empty"), question("uncounted")], nowhere)
    assert isinstance(empty, Exchange)
    assert empty.content == ""
    assert isinstance(uncounted, Exchange)
    assert uncounted.prompt_tokens >= 1
    assert uncounted.answer_tokens >= 9


def test_text_that_no_database_takes_is_stored_readably(exchanges: Exchanges) -> None:
    body = answer("x").body.replace(b'"x"', b'"a \\ud800 b"')
    with ScriptedServer(lambda *_: raw(body)) as server:
        assert contents(client(server, exchanges).ask([question("q")], nowhere)) == ["a \ufffd b"]


def test_what_is_sent(exchanges: Exchanges) -> None:
    ask = Ask(
        (Message("system", "Be brief."), Message("user", "Why?"), Message("assistant", "So."), Message("user", "?"))
    )
    with ScriptedServer(lambda *_: answer("fine"), key="secret") as server:
        client(server, exchanges, key="secret").ask([ask], nowhere)
        client(server, exchanges, key="secret", parameters=Parameters(MODEL, 0.7, 50)).ask([ask], nowhere)
        plain, warm = (request.body for request in server.completions)
    assert plain == {
        "model": MODEL,
        "messages": [{"role": message.role, "content": message.content} for message in ask.messages],
        "max_tokens": 50,
    }
    assert warm == plain | {"temperature": 0.7}


def test_the_key_names_everything_that_may_change_the_answer() -> None:
    ask = question("a")
    keys = {
        ask.key(PARAMETERS),
        question("b").key(PARAMETERS),
        question("a", sample=1).key(PARAMETERS),
        Ask((Message("system", "a"),)).key(PARAMETERS),
        Ask((Message("user", "a"), Message("user", ""))).key(PARAMETERS),
        ask.key(Parameters("other", None, 50)),
        ask.key(Parameters(MODEL, 0.0, 50)),
        ask.key(Parameters(MODEL, None, 51)),
    }
    assert len(keys) == 8
    assert question("a").key(Parameters(MODEL, None, 50)) in keys
    assert all(len(key) == 64 for key in keys)


_ASK_FORTY = """
import sys
from pathlib import Path
from tests.llm.asking import PARAMETERS, exchanges_of, nowhere, questions
from synth.llm.calls import Client

with exchanges_of(Path(sys.argv[2])) as exchanges:
    Client(PARAMETERS, sys.argv[1], exchanges, concurrency=4).ask(questions(40), nowhere)
"""


def test_a_killed_run_asks_again_only_what_was_under_way(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _ASK_FORTY]
    with ScriptedServer(lambda prompt, _: answer(f"answer to {prompt}", latency=0.1)) as server:
        process = subprocess.Popen([*command, server.base_url, str(tmp_path)])
        deadline = time.monotonic() + 120
        while len(server.completions) < 18 and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        with exchanges_of(tmp_path) as exchanges:
            before = exchanges.all()
        asked_before = len(server.completions)
        assert 0 < len(before) < 40
        subprocess.run([*command, server.base_url, str(tmp_path)], check=True, timeout=60)
        asked = [server.attempts(f"question {n}") for n in range(40)]
    stored = {exchange.content.removeprefix("answer to ") for exchange in before}
    assert all(asked[n] == 1 for n in range(40) if f"question {n}" in stored)
    assert asked_before - len(before) <= 4
    assert sum(asked) <= 44
    assert max(asked) <= 2
    with exchanges_of(tmp_path) as exchanges:
        assert len(exchanges.all()) == 40
        assert set(before) <= set(exchanges.all())
