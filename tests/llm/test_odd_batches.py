"""Servers that say odd things about batches: one line, and nothing that was paid for is forgotten without a word."""

import asyncio
import json

import pytest

from synth.llm.batches import BatchClient
from synth.llm.failures import Failure
from synth.llm.store import Exchanges
from tests.llm.asking import PARAMETERS, Steps, client, contents, noted, nowhere, questions, refusal
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
    # So that the answers can be imported.
    assert all(exchanges.asked(ask.key(PARAMETERS)) for ask in questions(2))


def test_a_batch_with_the_id_of_another_is_told(exchanges: Exchanges) -> None:
    (key,) = noted(exchanges, 1)
    assert exchanges.open_batch("batch_0", "http://elsewhere/v1", [key])
    with playing({}) as server:
        assert "its id batch_0 is that of another batch of this run" in ask(exchanges, server)
    assert [batch.keys for batch in exchanges.open_batches("http://elsewhere/v1")] == [(key,)]


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


def line(number: int, status: int = 200) -> bytes:
    """The line of a file with what became of a question."""
    body = json.loads((answer(f"paid {number}") if status == 200 else error(status, "no")).body)
    key = questions(number + 1)[number].key(PARAMETERS)
    return json.dumps({"custom_id": key, "response": {"status_code": status, "body": body}}).encode() + b"\n"


def test_a_stray_line_keeps_no_batch_open_whose_questions_are_answered(exchanges: Exchanges) -> None:
    steps = Steps()
    with playing({OUTPUT: raw(line(0) + line(1) + b"stray\n")}) as server:
        asking = BatchClient(PARAMETERS, server.base_url, exchanges, poll=0.02, retries=0)
        assert contents(asking.ask(questions(2), steps)) == ["paid 0", "paid 1"]
        assert exchanges.open_batches(server.base_url) == []
        assert len(contents(asking.ask(questions(4), nowhere))) == 4
        assert len(server.handed_in) == 2
    done, total, figure = steps.told[-1]
    assert (done, total) == (2, 2)
    assert "the batch batch_0 is read, though its file file-1, line 3: is no JSON" in figure


def test_a_stray_line_keeps_no_batch_open_whose_questions_failed_or_are_answered(exchanges: Exchanges) -> None:
    steps = Steps()
    with playing({OUTPUT: raw(b"stray\n" + line(0) + line(1, 400))}) as server:
        asking = BatchClient(PARAMETERS, server.base_url, exchanges, poll=0.02, retries=0)
        first, second = asking.ask(questions(2), steps)
        assert exchanges.open_batches(server.base_url) == []
    assert contents([first]) == ["paid 0"]
    assert second == Failure("refused", "400: no")
    assert "line 1: is no JSON" in steps.told[-1][2]


@pytest.mark.parametrize(
    ("asked", "reply", "paid"),
    [
        (OUTPUT, raw(line(0) + b"stray\n"), 1),
        (OUTPUT, error(404, "expired"), 0),
        (OUTPUT, error(500), 0),
        (OUTPUT, drop(), 0),
        (STATE, raw(b"null"), 0),
        (STATE, error(500), 0),
        (STATE, drop(), 0),
    ],
)
def test_an_odd_batch_keeps_nobody_from_the_answers_of_a_later_one(
    exchanges: Exchanges, asked: str, reply: Reply, paid: int
) -> None:
    odd = {asked: reply}
    with playing(odd, polls=2) as server:
        first = ask(exchanges, server, 2)
        assert f"it stays noted, as {2 - paid} of its 2 questions are open" in first
        assert "one by one" not in first
        assert "`headsynth llm import`" in first
        assert "batch batch_0" in ask(exchanges, server, 4)
        assert [batch.id for batch in exchanges.open_batches(server.base_url)] == ["batch_0"]
        assert exchanges.totals().calls == 2 + paid
        # Nothing is handed in twice, and once the server is itself again, nothing is missing.
        odd.clear()
        asking = BatchClient(PARAMETERS, server.base_url, exchanges, poll=0.02)
        contents(asking.ask(questions(4), nowhere))
        assert exchanges.open_batches(server.base_url) == []
        assert len(server.handed_in) == 2


def test_a_batch_that_is_unknown_keeps_nobody_from_the_others(exchanges: Exchanges) -> None:
    with playing({}, polls=2) as server:
        assert exchanges.open_batch("batch_", server.base_url, noted(exchanges, 1))
        assert "knows nothing of the batch batch_ that" in ask(exchanges, server, 3)
        assert exchanges.totals().calls == 2
        assert exchanges.open_batches(server.base_url) == []


def test_a_batch_whose_questions_were_answered_by_other_ways_is_closed(exchanges: Exchanges) -> None:
    odd = {OUTPUT: raw(b"stray\n")}
    with playing(odd) as server:
        ask(exchanges, server, 2)
        contents(client(server, exchanges).ask(questions(2), nowhere))
        asking = BatchClient(PARAMETERS, server.base_url, exchanges, poll=0.02)
        contents(asking.ask(questions(3), nowhere))
        assert exchanges.open_batches(server.base_url) == []


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (drop(), "may be under way and paid for"),
        (error(503), "may be under way and paid for"),
        (error(429, "busy"), "(rate limited: 429: busy); run again"),
    ],
)
def test_a_batch_is_handed_in_once_whatever_comes_back(exchanges: Exchanges, reply: Reply, words: str) -> None:
    with playing({"POST /v1/batches": reply}) as server:
        asking = BatchClient(PARAMETERS, server.base_url, exchanges, poll=0.02, retries=2)
        assert words in refusal(lambda: asking.ask(questions(2), nowhere))
        posts = [request for request in server.requests if request.method == "POST"]
    assert [request.path for request in posts] == ["/v1/files", "/v1/batches"]


@pytest.mark.parametrize("status", [99, True, "200", 10**400, None])
def test_an_odd_status_within_a_file(exchanges: Exchanges, status: object) -> None:
    key = questions(1)[0].key(PARAMETERS)
    odd = {OUTPUT: said({"custom_id": key, "response": {"status_code": status, "body": {}}})}
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


def test_looks_at_a_batch_are_apart(exchanges: Exchanges, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = {STATE: said({"status": "unheard of"})}
    pauses: list[int] = []  # after how many looks
    sleep = asyncio.sleep
    with playing(odd) as server:
        asking = BatchClient(PARAMETERS, server.base_url, exchanges, poll=600.0)

        async def pause(seconds: float) -> None:
            if seconds == 600.0:
                pauses.append(sum(request.path == "/v1/batches/batch_0" for request in server.requests))
                if len(pauses) == 3:
                    odd[STATE] = said({"status": "expired"})
            await sleep(0.0 if seconds == 600.0 else seconds)

        monkeypatch.setattr(asyncio, "sleep", pause)
        outcomes = asking.ask(questions(1), nowhere)
    assert outcomes == [Failure("expired", "the batch batch_0 expired: no answer in it")]
    assert pauses == [1, 2, 3]


def test_a_pause_is_needed(exchanges: Exchanges) -> None:
    with playing({}) as server:
        assert "pause" in refusal(lambda: BatchClient(PARAMETERS, server.base_url, exchanges, poll=0.0))
