"""Servers that will never answer end in one line that says what to do; nothing answered before is lost."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from synth.llm.calls import Client
from synth.llm.failures import Failure
from synth.llm.store import Exchanges, Parameters
from tests.llm.asking import PARAMETERS, client, contents, nowhere, question, questions, refusal
from tests.llm.scripted_server import Reply, ScriptedServer, answer, drop, error, raw, stall


def test_a_wrong_model_name_says_which_there_are(exchanges: Exchanges) -> None:
    with ScriptedServer(lambda *_: answer("fine"), models=("small", "large")) as server:
        message = refusal(lambda: client(server, exchanges).ask(questions(20), nowhere))
        assert len(server.completions) <= 8  # those sent before the first was refused
    assert message == (
        f"{server.base_url} has no model scripted (404: The model `scripted` does not exist); "
        "name one that it serves, or mend the base URL; it lists small, large"
    )


def test_a_wrong_key(exchanges: Exchanges) -> None:
    with ScriptedServer(lambda *_: answer("fine"), key="right") as server:
        message = refusal(lambda: client(server, exchanges, key="wrong").ask(questions(2), nowhere))
        contents(client(server, exchanges, key="right").ask(questions(2), nowhere))
    assert message.startswith(f"{server.base_url} refuses the API key (401: ")
    assert "set OPENAI_API_KEY" in message


def test_what_is_forbidden_is_told_in_the_servers_words_unless_it_is_one_question(exchanges: Exchanges) -> None:
    words = ["This project may not use the model", "Your input was flagged by moderation"]
    play = lambda prompt, _: answer("fine") if prompt == "question 0" else error(403, words[int(prompt[-1]) - 1])  # noqa: E731
    with ScriptedServer(play) as server:
        asking = client(server, exchanges, concurrency=1)
        _, bad = asking.ask([question("question 0"), question("question 2")], nowhere)
        message = refusal(lambda: asking.ask([question("question 1")], nowhere))
    assert bad == Failure("refused", f"403: {words[1]}")
    assert f"forbids questions to scripted (403: {words[0]}); mend what it names, or set OPENAI_API_KEY" in message


@pytest.mark.parametrize(("status", "code"), [(402, ""), (429, "insufficient_quota")])
def test_an_empty_account(exchanges: Exchanges, status: int, code: str) -> None:
    with ScriptedServer(lambda *_: error(status, "You exceeded your quota", code=code)) as server:
        message = refusal(lambda: client(server, exchanges, retries=1).ask([question("q")], nowhere))
    assert "has no credit left" in message


def test_a_server_that_is_not_there_is_told_at_once(exchanges: Exchanges, connections: list[object]) -> None:
    with ScriptedServer(lambda *_: answer("fine")) as server:
        pass
    message = refusal(lambda: client(server, exchanges, retries=6).ask(questions(3), nowhere))
    assert len(connections) == 1
    assert server.base_url in message
    assert "connection" in message


def test_a_server_that_dies_between_waves(exchanges: Exchanges) -> None:
    with ScriptedServer(lambda *_: answer("fine")) as server:
        asking = client(server, exchanges, retries=1)
        contents(asking.ask(questions(2), nowhere))
    assert server.base_url in refusal(lambda: asking.ask(questions(4), nowhere))
    contents(asking.ask(questions(2), nowhere))


_HOPELESS: dict[str, Callable[[], Reply]] = {
    "server error": lambda: error(500, "cannot load the model"),
    "rate limited": lambda: error(429, "too busy"),
    "timed out": stall,
    "invalid response": lambda: raw(b"<html>Welcome</html>"),
    "connection": drop,
}


@pytest.mark.parametrize("kind", _HOPELESS)
@pytest.mark.parametrize("count", [1, 40])
def test_a_server_that_fails_every_call(exchanges: Exchanges, kind: str, count: int) -> None:
    with ScriptedServer(lambda *_: _HOPELESS[kind]()) as server:
        asking = client(server, exchanges, retries=1, timeout=0.5)
        message = refusal(lambda: asking.ask(questions(count), nowhere))
        assert len({request.prompt for request in server.completions}) <= 16  # not every question in vain
    assert message.startswith(f"{server.base_url} answers nothing for scripted, the last time with {kind}: ")
    remedies = {"rate limited": "wait until it has room", "timed out": "see whether the server is at work"}
    assert remedies.get(kind, "; check the base URL, the model's name and the server") in message


def test_a_server_that_fails_for_good_halfway_keeps_what_it_answered(exchanges: Exchanges) -> None:
    def play(prompt: str, _: int) -> Reply:
        return answer("fine") if int(prompt.split()[-1]) < 10 else error(500)

    with ScriptedServer(play) as server:
        # One after the other: the last good answer must not come after eight failures.
        refusal(lambda: client(server, exchanges, retries=0, concurrency=1).ask(questions(100), nowhere))
        assert len(server.completions) <= 20
    assert exchanges.totals().calls == 10


def test_calls_under_way_are_cancelled_and_finished_ones_stored(exchanges: Exchanges) -> None:
    def play(prompt: str, _: int) -> Reply:
        number = int(prompt.split()[-1])
        if number < 3:
            return answer("fine")
        # After a while, so that the first three have been read by then.
        return replace(error(401), before=1.0) if number == 5 else answer("too late", latency=30)

    with ScriptedServer(play) as server:
        asking = client(server, exchanges, concurrency=4)
        refusal(lambda: asking.ask(questions(8), nowhere))
    # Whoever sent these away may bill them.
    assert "for 3 tries that failed and may have been billed" in "".join(asking.remarks)
    assert set(server.replied) <= {"question 0", "question 1", "question 2", "question 5"}
    assert [exchange.content for exchange in exchanges.all()] == ["fine"] * 3


def test_questions_refused_one_by_one_stop_nothing_once_there_was_an_answer(exchanges: Exchanges) -> None:
    play = lambda prompt, _: answer("fine") if prompt == "question 0" else error(400, "too long")  # noqa: E731
    with ScriptedServer(play) as server:
        outcomes = client(server, exchanges, concurrency=1).ask(questions(20), nowhere)
    assert outcomes[1:] == [Failure("refused", "400: too long")] * 19


def test_of_long_words_the_beginning_and_the_end_are_kept(exchanges: Exchanges) -> None:
    """A reason says what is wrong first, and what to do last."""
    words = f"The template is wrong. {'It says this and that. ' * 200}Start the server with another."
    play = lambda prompt, _: answer("fine") if prompt == "question 0" else error(400, words)  # noqa: E731
    with ScriptedServer(play) as server:
        _, bad = client(server, exchanges, concurrency=1).ask(questions(2), nowhere)
    assert isinstance(bad, Failure)
    assert bad.reason.startswith("400: The template is wrong. It says")
    assert bad.reason.endswith("Start the server with another.")
    assert len(bad.reason) < 600


def test_a_setting_that_every_call_is_refused_for_is_told_early(exchanges: Exchanges) -> None:
    play = lambda *_: error(400, "temperature is not supported")  # noqa: E731
    with ScriptedServer(play) as server:
        message = refusal(lambda: client(server, exchanges).ask(questions(100), nowhere))
        assert len(server.completions) <= 24
    assert "temperature is not supported" in message


def test_servers_without_a_list_of_models_are_used(exchanges: Exchanges) -> None:
    with ScriptedServer(lambda *_: answer("fine"), lists=False) as server:
        contents(client(server, exchanges).ask(questions(2), nowhere))


@pytest.mark.parametrize("url", ["localhost:8000/v1", "ftp://host/v1", "http://", "http://host:port/v1", "http://[::1"])
def test_addresses_that_are_none(exchanges: Exchanges, url: str) -> None:
    message = refusal(lambda: Client(PARAMETERS, url, exchanges))
    assert url in message
    assert "http://localhost:8000/v1" in message


def test_openai_needs_a_key(exchanges: Exchanges, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "set OPENAI_API_KEY" in refusal(lambda: Client(PARAMETERS, None, exchanges))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1\u2026")
    assert "characters that no key has" in refusal(lambda: Client(PARAMETERS, None, exchanges))


def test_settings_come_from_the_environment(exchanges: Exchanges, monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer(lambda *_: answer("fine"), key="secret") as server:
        monkeypatch.setenv("OPENAI_API_KEY", " secret\n")
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        contents(Client(PARAMETERS, None, exchanges).ask(questions(1), nowhere))


def test_numbers_that_make_no_sense(exchanges: Exchanges) -> None:
    with ScriptedServer(lambda *_: answer("fine")) as server:
        assert "concurrency" in refusal(lambda: client(server, exchanges, concurrency=0))
        assert "timeout" in refusal(lambda: client(server, exchanges, timeout=0.0))
        parameters = Parameters("scripted", None, 0)
        assert "answer" in refusal(lambda: client(server, exchanges, parameters=parameters))
