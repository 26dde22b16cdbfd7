"""Keys and passwords that a server gives back reach neither the screen nor the database."""

import json
import sqlite3
from base64 import b64encode
from pathlib import Path

import pytest

from synth.llm.batches import BatchClient
from synth.llm.calls import Client
from synth.llm.failures import Failure
from synth.llm.store import Exchange, Exchanges
from tests.llm.asking import PARAMETERS, client, contents, nowhere, question, questions, refusal
from tests.llm.scripted_server import Reply, ScriptedServer, answer, error, raw

KEY = "sk-Or/v1-0123456789"
PASSWORD = "pass-w0rd!"
ESCAPED = "".join(f"\\u{ord(character):04X}" for character in KEY)


def stored(exchanges: Exchanges) -> str:
    """Everything in the database, as it lies on the disk and as SQLite reads it."""
    with sqlite3.connect(exchanges.path) as connection:
        rows = "\n".join(connection.iterdump())
    connection.close()
    files = [file for file in Path(exchanges.path).parent.iterdir() if file.is_file()]
    return rows + "".join(file.read_bytes().decode("latin-1") for file in files)


def ask_one(exchanges: Exchanges, reply: Reply) -> Exchange | Failure | None:
    """What becomes of a question, on a server that answered another."""
    with ScriptedServer(lambda prompt, _: answer("fine") if prompt == "first" else reply) as server:
        asking = client(server, exchanges, key=KEY, retries=0, concurrency=1)
        return asking.ask([question("first"), question("second")], nowhere)[1]


@pytest.mark.parametrize("spelled", [KEY, KEY.replace("/", "\\/"), ESCAPED, "sk\\u002DOr/v1\\u002d0123456789"])
def test_a_key_in_an_answer_is_masked_however_json_spells_it(exchanges: Exchanges, spelled: str) -> None:
    body = answer("you sent CONTENT", finish_reason="FINISH").body
    body = body.replace(b"CONTENT", f"{spelled} \\\\u002d".encode()).replace(b"FINISH", spelled.encode())
    outcome = ask_one(exchanges, raw(body))
    assert isinstance(outcome, Exchange)
    assert (outcome.content, outcome.finish_reason) == ("you sent *** \\u002d", "***")
    assert KEY not in stored(exchanges)


_ECHOES = {
    "an error": error(400, f"bad header Authorization: Bearer {KEY}"),
    "an error's text": raw(f"<html>Bearer {KEY}</html>".encode(), status=500),
    "an error's escapes": raw(b'{"error": {"message": "Bearer %s"}}' % ESCAPED.encode(), status=400),
    "an error's code": raw(json.dumps({"error": {"code": KEY}}).encode(), status=400),
    "an error within a good answer": raw(json.dumps({"error": {"message": KEY}}).encode()),
    "an odd object": raw(json.dumps({"headers": {"Authorization": KEY}}).encode()),
    "a bare text": raw(json.dumps(KEY).encode()),
    "a header that is none": Reply(200, b"{}", {"Bad Name": f"Bearer {KEY}"}),
    "an encoding": raw(b"{}", Content_Encoding=KEY),
}


@pytest.mark.parametrize("echo", _ECHOES)
def test_a_key_in_what_went_wrong_is_masked(exchanges: Exchanges, echo: str) -> None:
    outcome = ask_one(exchanges, _ECHOES[echo])
    assert isinstance(outcome, Failure)
    assert KEY not in str(outcome)
    assert "***" in str(outcome)


@pytest.mark.parametrize("status", [401, 402, 404])
def test_a_key_in_a_line_that_ends_the_run_is_masked(exchanges: Exchanges, status: int) -> None:
    listed = raw(json.dumps({"data": [{"id": KEY}]}).encode())
    play = lambda *_: error(status, f"Incorrect API key provided: {KEY}")  # noqa: E731
    with ScriptedServer(play, odd={"GET /v1/models": listed}) as server:
        message = refusal(lambda: client(server, exchanges, key=KEY).ask(questions(1), nowhere))
    assert f"({status}: Incorrect API key provided: ***)" in message
    assert message.endswith("; it lists ***")


def test_a_key_in_a_batch_is_masked(exchanges: Exchanges) -> None:
    play = lambda prompt, _: error(400, f"Bearer {KEY}") if prompt == "question 0" else answer(f"key {KEY}")  # noqa: E731
    with ScriptedServer(play) as server:
        asking = BatchClient(PARAMETERS, server.base_url, exchanges, poll=0.02, key=KEY)
        failed, good = asking.ask(questions(2), nowhere)
    assert failed == Failure("refused", "400: Bearer ***")
    assert contents([good]) == ["key ***"]
    assert KEY not in stored(exchanges)


def test_a_key_in_a_batchs_errors_is_masked(exchanges: Exchanges) -> None:
    state = {"id": "batch_0", "status": "failed", "errors": {"data": [{"message": f"Bearer {KEY}"}]}}
    with ScriptedServer(
        lambda *_: answer("x"), odd={"GET /v1/batches/batch_0": raw(json.dumps(state).encode())}
    ) as server:
        asking = BatchClient(PARAMETERS, server.base_url, exchanges, poll=0.02, key=KEY)
        assert "the batch batch_0 failed: Bearer ***; " in refusal(lambda: asking.ask(questions(1), nowhere))


def test_dummy_keys_are_words(exchanges: Exchanges) -> None:
    with ScriptedServer(lambda *_: answer("none of the ollama models")) as server:
        for key in ("none", "ollama", ""):
            asking = client(server, exchanges, key=key)
            assert contents(asking.ask([question(key)], nowhere)) == ["none of the ollama models"]


def test_a_key_of_digits_leaves_numbers_readable(exchanges: Exchanges) -> None:
    body = answer("12345678 \\ u").body.replace(b'"created": 0', b'"created": 12345678')
    with ScriptedServer(lambda *_: raw(body)) as server:
        (outcome,) = contents(client(server, exchanges, key="12345678").ask([question("q")], nowhere))
    assert outcome == "99999999 \\ u"


def address(server: ScriptedServer, user: str = "", query: str = "") -> str:
    return server.base_url.replace("//", f"//{user}@" if user else "//") + query


def test_a_password_in_the_base_url_is_sent_and_not_shown(exchanges: Exchanges) -> None:
    basic = b64encode(f"me:{PASSWORD}".encode()).decode()
    echo = f"{basic} {PASSWORD} pass-w0rd%21"
    with ScriptedServer(lambda *_: error(400, echo)) as server:
        url = address(server, "me:pass-w0rd%21")
        message = refusal(lambda: Client(PARAMETERS, url, exchanges, retries=0).ask(questions(9), nowhere))
        assert {request.headers["authorization"] for request in server.requests} == {f"Basic {basic}"}
        shown = server.base_url.replace("//", "//***@")
    assert message.startswith(f"{shown} answers nothing for scripted, the last time with refused: 400: *** *** ***; ")


def test_a_query_in_the_base_url_is_sent_with_each_request_and_not_shown(exchanges: Exchanges) -> None:
    play = lambda prompt, _: answer("fine") if prompt == "question 0" else error(400, "ab/cd+ef= and ab%2Fcd%2Bef%3D")  # noqa: E731
    with ScriptedServer(play, batches=False) as server:
        url = address(server, query="?api_key=ab%2Fcd%2Bef%3D&v=1&v=2")
        good, bad = Client(PARAMETERS, url, exchanges, retries=0, concurrency=1).ask(questions(2), nowhere)
        message = refusal(lambda: BatchClient(PARAMETERS, url, exchanges, retries=0).ask(questions(2), nowhere))
        assert [request.path for request in server.requests[:2]] == ["/v1/models", "/v1/chat/completions"]
        assert {request.query for request in server.requests} == {"api_key=ab%2Fcd%2Bef%3D&v=1&v=2"}
        assert message.startswith(f"{server.base_url}?api_key=***&v=***&v=*** takes no batches; ")
    contents([good])
    assert bad == Failure("refused", "400: *** and ***")


def test_a_batch_is_stored_under_an_address_without_secrets(exchanges: Exchanges) -> None:
    def dies(done: int, total: int, figure: str = "") -> None:  # noqa: ARG001 - a `Step`
        raise KeyboardInterrupt

    with ScriptedServer(lambda *_: answer("fine")) as server:
        url = address(server, "me:pass-w0rd%21", "?token=t0psecret")
        asking = BatchClient(PARAMETERS, url, exchanges, poll=0.02)
        with pytest.raises(KeyboardInterrupt):
            asking.ask(questions(1), dies)
        shown = server.base_url.replace("//", "//***@") + "?token=***"
        assert len(exchanges.open_batches(shown)) == 1
        assert "pass-w0rd" not in (whole := stored(exchanges))
        assert "t0psecret" not in whole
        contents(asking.ask(questions(1), nowhere))
        assert exchanges.open_batches(shown) == []


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://me:secret@host:port/v1?api_key=secret&x", "http://***@host:port/v1?api_key=***&***"),
        ("me:secret@host/v1", "***@host/v1"),
        ("http://me:sec@ret@[::1", "http://***@[::1"),
        ("http://me:se/cret@host/v1", "http://***@host/v1"),
        ("http://me:se?cret@host/v1", "http://***@host/v1"),
        ("http://me:1#secret@host/v1", "http://***@host/v1"),
        ("ftp://secret@host/?k=a@secret", "ftp://***@host/?k=***"),
        ("http://host/v1#?secret", "http://host/v1#?***"),
        (KEY, "***"),
    ],
)
def test_addresses_that_are_none_show_no_secret(exchanges: Exchanges, url: str, shown: str) -> None:
    message = refusal(lambda: Client(PARAMETERS, url, exchanges, key=KEY))
    assert message == f"'{shown}' is no base URL; write it as http://localhost:8000/v1"


@pytest.mark.parametrize(
    "url",
    ["http://a b/v1", "http://h\u00f6st/v1", "http://999.1.1.1/v1", "http://[::zz]/v1", "http://a..b/v1",
     f"http://{'a' * 64}/v1", f"http://host/{'v' * 9000}", "http://host\x1b/v1"],
)  # fmt: skip
def test_addresses_that_stumble_later_are_told_at_once(exchanges: Exchanges, url: str) -> None:
    assert "is no base URL" in refusal(lambda: Client(PARAMETERS, url, exchanges))
