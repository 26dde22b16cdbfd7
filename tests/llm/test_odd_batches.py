"""Servers that say odd things about batches: one line, and nothing that was paid for is forgotten without a word."""

import json
from itertools import pairwise

import pytest

from synth.proposers.llm.batch import BatchClient
from synth.proposers.llm.exchanges import Exchanges
from synth.proposers.llm.failures import Failure
from tests.llm.asking import PARAMETERS, Steps, client, contents, nowhere, questions, refusal
from tests.llm.scripted_server import Reply, ScriptedServer, answer, drop, error, raw

STATE = "GET /v1/batches/batch_0"
OUTPUT = "GET /v1/files/file-1/content"
BODIES = [
    b"<html>Welcome</html>",
    b"",
    b"\xff\xfe\x00",
    b"[" * 100_000,
    b"9" * 5000,
    b'["id"]',
    b'"id"',
    b"null",
    b"NaN",
]
IDS: list[object] = [None, 7, "", " ", "..", ["x"], {"x": 1}, True, "\x1b[2J", "\ud83d", "x" * 5000]


def said(body: object) -> Reply:
    return raw(json.dumps(body).encode())


def ask(exchanges: Exchanges, server: ScriptedServer, count: int = 2) -> str:
    asking = BatchClient(PARAMETERS, server.base_url, exchanges, poll=0.02, retries=0)
    message = refusal(lambda: asking.ask(questions(count), nowhere))
    assert server.base_url in message
    assert not any(word in message for word in ("remove", "delete", "damaged"))
    assert len(message) < 1000
    return message


def playing(odd: dict[str, Reply], polls: int = 0) -> ScriptedServer:
    return ScriptedServer(lambda prompt, _: answer(f"answer to {prompt}"), odd=odd, batch_polls=polls)


@pytest.mark.parametrize("reply", [*map(raw, BODIES), said({}), *(said({"id": id_}) for id_ in IDS)])
def test_an_odd_answer_to_the_file(exchanges: Exchanges, reply: Reply) -> None:
    with playing({"POST /v1/files": reply}) as server:
        message = ask(exchanges, server)
        assert "no batch was handed in of it" in message
        assert server.handed_in == {}


@pytest.mark.parametrize("reply", [*map(raw, BODIES), said({}), *(said({"id": id_}) for id_ in IDS), drop()])
def test_a_batch_whose_id_is_unknown_is_told(exchanges: Exchanges, reply: Reply) -> None:
    with playing({"POST /v1/batches": reply}) as server:
        message = ask(exchanges, server)
    assert message.startswith("a batch of 2 questions was handed in, ")
    assert "may be under way and paid for" in message
    assert "`headsynth llm import`" in message
    assert len(exchanges.pending()) == 2  # so that the answers can be imported


def test_a_batch_with_the_id_of_another_is_told(exchanges: Exchanges) -> None:
    exchanges.open_batch("batch_0", "http://elsewhere/v1", ["k"])
    with playing({}) as server:
        assert "its id batch_0 is that of another batch of this run" in ask(exchanges, server)
    assert [batch.keys for batch in exchanges.open_batches("http://elsewhere/v1")] == [("k",)]


@pytest.mark.parametrize(
    "reply",
    [*map(raw, BODIES), said({}), *(said({"status": status}) for status in (None, 7, "", ["completed"], {"a": 1}))],
)
def test_a_batch_whose_state_is_odd_stays_noted(exchanges: Exchanges, reply: Reply) -> None:
    odd = {STATE: reply}
    with playing(odd) as server:
        message = ask(exchanges, server)
        assert "gave an odd answer about the batch batch_0: " in message
        assert "it stays noted" in message
        # When the server has come to its senses, the batch is read and not handed in again.
        odd.clear()
        asking = BatchClient(PARAMETERS, server.base_url, exchanges, poll=0.02)
        contents(asking.ask(questions(2), nowhere))
        assert len(server.handed_in) == 1


@pytest.mark.parametrize("id_", [7, ["file-1"], {"a": 1}, "\x1b", " ", True])
def test_a_file_with_an_odd_id_keeps_none_from_the_other(exchanges: Exchanges, id_: object) -> None:
    with playing({}) as server:
        server.odd[STATE] = said({"status": "completed", "output_file_id": "file-1", "error_file_id": id_})
        response = {"status_code": 200, "body": json.loads(answer("paid").body)}
        server.odd[OUTPUT] = said({"custom_id": questions(1)[0].key(PARAMETERS), "response": response})
        message = ask(exchanges, server)
        assert "its error_file_id is " in message
        assert len(exchanges.open_batches(server.base_url)) == 1
        # The one answer is stored, and what the batch leaves open can be asked one by one.
        assert contents(client(server, exchanges).ask(questions(2), nowhere)) == ["paid", "answer to question 1"]


def test_a_batch_that_completes_without_a_file_stays_noted(exchanges: Exchanges) -> None:
    with playing({STATE: said({"status": "completed", "output_file_id": None})}) as server:
        assert "it names no file; it stays noted" in ask(exchanges, server)
        assert len(exchanges.open_batches(server.base_url)) == 1


@pytest.mark.parametrize(
    "content",
    [b"<html>\n</html>", b"\xff\xfe\x00\x01", b"7\n", b'{"custom_id": 7}', b'{"custom_id": NaN}', b"[" * 100_000],
)
def test_a_file_that_is_no_jsonl(exchanges: Exchanges, content: bytes) -> None:
    with playing({OUTPUT: raw(content)}) as server:
        message = ask(exchanges, server)
        assert "its file file-1, line 1: " in message
        assert "it stays noted" in message
        assert len(exchanges.open_batches(server.base_url)) == 1


def test_a_file_that_is_gone(exchanges: Exchanges) -> None:
    with playing({OUTPUT: error(404, "expired")}) as server:
        message = ask(exchanges, server)
        assert "its file file-1 cannot be read (refused: 404: expired); it stays noted" in message
        assert len(exchanges.open_batches(server.base_url)) == 1


@pytest.mark.parametrize("status", [99, True, "200", 10**400, None])
def test_an_odd_status_within_a_file(exchanges: Exchanges, status: object) -> None:
    key = questions(1)[0].key(PARAMETERS)
    line = {"custom_id": key, "response": {"status_code": status, "body": {}}}
    odd = {OUTPUT: said(line)}
    with playing(odd) as server:
        assert "has neither a content, nor a response with a status_code" in ask(exchanges, server)


@pytest.mark.parametrize(
    "counts", ["5", None, ["x"], {"completed": "x"}, {"completed": None}, {"completed": -3}, {"completed": 10**30}]
)
def test_odd_counts_are_only_progress(exchanges: Exchanges, counts: object) -> None:
    """They keep nobody from answers that were paid for."""
    odd = {STATE: said({"status": "one that nobody knows", "request_counts": counts})}
    steps = Steps()

    def looks(done: int, total: int, figure: str = "") -> None:
        steps(done, total, figure)
        if len(steps.told) == 2:
            odd.clear()

    with playing(odd) as server:
        asking = BatchClient(PARAMETERS, server.base_url, exchanges, poll=0.02)
        contents(asking.ask(questions(2), looks))
    assert len(steps.told) == 3
    assert all(0 <= done <= total == 2 for done, total, _ in steps.told)


@pytest.mark.parametrize(
    ("errors", "words"),
    [
        ("broken", "broken"),
        (["broken"], "broken"),
        ({"data": "broken"}, "broken"),
        ({"data": [{"message": "broken\x1b[2J\n"}]}, "broken\\x1b[2J"),
        ({"data": [7]}, "7"),
        ({"data": []}, "no answer in it"),
        (7, "7"),
        (None, "no answer in it"),
    ],
)
def test_odd_errors_are_quoted(exchanges: Exchanges, errors: object, words: str) -> None:
    with playing({STATE: said({"status": "failed", "errors": errors})}) as server:
        assert f"the batch batch_0 failed: {words}; mend what it names" in ask(exchanges, server)


def test_looks_at_a_batch_are_apart(exchanges: Exchanges) -> None:
    odd = {STATE: said({"status": "unheard of"})}
    with playing(odd) as server:
        asking = BatchClient(PARAMETERS, server.base_url, exchanges, poll=0.2)

        def ends(done: int, total: int, figure: str = "") -> None:  # noqa: ARG001 - a `Step`
            if sum(request.path == "/v1/batches/batch_0" for request in server.requests) == 3:
                odd[STATE] = said({"status": "expired"})

        outcomes = asking.ask(questions(1), ends)
        times = [request.time for request in server.requests if request.path == "/v1/batches/batch_0"]
    assert outcomes == [Failure("expired", "the batch batch_0 expired: no answer in it")]
    assert all(later - earlier >= 0.2 for earlier, later in pairwise(times))


def test_a_pause_is_needed(exchanges: Exchanges) -> None:
    with playing({}) as server:
        assert "pause" in refusal(lambda: BatchClient(PARAMETERS, server.base_url, exchanges, poll=0.0))
