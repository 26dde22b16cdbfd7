"""Bodies that are too large, too deep or of odd types, and servers that point elsewhere, end in one line each."""

import gzip
import json
import os
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from prompts.answers import programs_in
from synth.llm.batches import BatchClient
from synth.llm.calls import Client
from synth.llm.failures import Failure
from synth.llm.files import import_answers
from synth.llm.money import Prices
from synth.llm.store import Exchange, Exchanges
from tests.llm.asking import PARAMETERS, client, contents, nowhere, question, questions, refusal
from tests.llm.scripted_server import Reply, ScriptedServer, answer, error, raw

MIB = 2**20
HOSTILE = "\x1b[2J\u202e \x9b31m\n\u2066\ud83dx"
HARMLESS = "\\x1b[2J\\u202e \\x9b31m \\u2066\ufffdx"


def failure(exchanges: Exchanges, reply: Reply) -> Failure:
    """What becomes of a question, on a server that answered another; it is asked once."""
    with ScriptedServer(lambda prompt, _: answer("fine") if prompt == "first" else reply) as server:
        first, outcome = client(server, exchanges, concurrency=1, retries=0).ask(
            [question("first"), question("q")], nowhere
        )
        assert server.attempts("q") == 1
    contents([first])
    assert isinstance(outcome, Failure)
    assert outcome.reason.isprintable()
    return outcome


_TOO_LARGE: dict[str, Callable[[], Reply]] = {
    "gzip": lambda: raw(gzip.compress(bytes(64 * MIB)), Content_Encoding="gzip"),
    "deflate": lambda: raw(zlib.compress(bytes(64 * MIB)), Content_Encoding="deflate"),
    "an error": lambda: raw(gzip.compress(bytes(64 * MIB)), Content_Encoding="gzip", status=500),
    "plain": lambda: raw(b" " * (16 * MIB + 1)),
    "behind its end": lambda: raw(gzip.compress(b"{}") + bytes(17 * MIB), Content_Encoding="gzip"),
}


@pytest.mark.parametrize("kind", _TOO_LARGE)
def test_a_body_past_the_limit_is_refused(exchanges: Exchanges, kind: str) -> None:
    found = failure(exchanges, _TOO_LARGE[kind]())
    assert found == Failure("invalid response", "the body is larger than 16 MiB")


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip"])
def test_encodings_that_unpack_without_bound_are_refused_by_name(exchanges: Exchanges, encoding: str) -> None:
    found = failure(exchanges, raw(b"x", Content_Encoding=encoding))
    assert found == Failure("invalid response", f"the body is packed by {encoding}, which was not asked for")


def test_only_gzip_is_asked_for_and_unpacked(exchanges: Exchanges) -> None:
    with ScriptedServer(lambda *_: raw(gzip.compress(answer("packed").body), Content_Encoding="gzip")) as server:
        assert contents(client(server, exchanges).ask([question("q")], nowhere)) == ["packed"]
        assert {request.headers["accept-encoding"] for request in server.requests} == {"gzip"}


def test_packed_bodies_that_are_broken(exchanges: Exchanges) -> None:
    packed = gzip.compress(answer("packed").body)
    assert "breaks off" in failure(exchanges, raw(packed[:-12], Content_Encoding="gzip")).reason
    assert "not packed by gzip" in failure(exchanges, raw(b"junk", Content_Encoding="gzip")).reason


def test_a_charset_that_unpacks_is_not_believed(exchanges: Exchanges) -> None:
    body = zlib.compress(answer("unpacked").body)
    found = failure(exchanges, Reply(200, body, {"Content-Type": "application/json; charset=zlib"}))
    assert "no JSON" in found.reason


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"choices": %s}' % (b"9" * 5000),
        b'{"choices": NaN}',
        b'{"choices": [{"message": {"content": -Infinity}}]}',
        b'{"choices": {"0": 1}}',
        b'{"choices": [[]]}',
        b'{"choices": null, "usage": {"completion_tokens": 0}}',
        b'{"choices": [], "usage": {"completion_tokens": "7"}}',
        b"\xff\xfe",
        b"",
    ],
)
@pytest.mark.parametrize("status", [200, 400])
def test_odd_json_is_a_failure(exchanges: Exchanges, body: bytes, status: int) -> None:
    failure(exchanges, raw(body, status=status))


@pytest.mark.parametrize("usage", [True, "many", [1], 1e3, -1, 2**70, {"a": 1}])
def test_odd_counts_are_estimated(exchanges: Exchanges, usage: object) -> None:
    body = json.loads(answer("word " * 9).body)
    body["usage"] = {"prompt_tokens": usage, "completion_tokens": usage}
    with ScriptedServer(lambda *_: raw(json.dumps(body).encode())) as server:
        (outcome,) = client(server, exchanges).ask([question("a longer question")], nowhere)
    assert isinstance(outcome, Exchange)
    assert 9 <= outcome.answer_tokens < 100
    assert 2 <= outcome.prompt_tokens < 100


@pytest.mark.parametrize(
    "body",
    [b"[" * 100_000, b"9" * 5000, b'{"data": NaN}', b"7", b'{"data": {"id": "x"}}',
     b'{"data": [7, null, ["id"], {"id": 7}, {"id": ["x"]}]}', b"<html>", b""],
)  # fmt: skip
def test_an_odd_list_of_models_is_none(exchanges: Exchanges, body: bytes) -> None:
    with ScriptedServer(lambda *_: answer("fine"), odd={"GET /v1/models": raw(body)}) as server:
        contents(client(server, exchanges).ask(questions(1), nowhere))


def test_names_of_models_are_bounded_and_plain(exchanges: Exchanges) -> None:
    listed = json.dumps({"data": [{"id": f"{number}{HOSTILE}{'x' * 2000}"} for number in range(2000)]}).encode()
    with ScriptedServer(lambda *_: error(404, "none"), odd={"GET /v1/models": raw(listed)}) as server:
        message = refusal(lambda: client(server, exchanges).ask(questions(1), nowhere))
    assert f"0{HARMLESS}xx" in message
    assert message.endswith(" and 1995 more")
    assert len(message) < 1000


@pytest.mark.parametrize("length", [200_000, 200_001, 5_000_000])
def test_an_answer_that_is_too_long_to_be_looked_through_is_stored_as_such(exchanges: Exchanges, length: int) -> None:
    with ScriptedServer(lambda *_: answer("x" * length)) as server:
        (stored,) = contents(client(server, exchanges).ask([question("long")], nowhere))
        # Paid for once, it is not asked again.
        client(server, exchanges).ask([question("long")], nowhere)
        assert len(server.completions) == 1
    assert len(stored) == min(length, 200_001)
    (why,) = programs_in(stored).flaws
    assert why.kind == ("no program" if length == 200_000 else "too long")


def test_what_a_server_says_commands_no_terminal(exchanges: Exchanges) -> None:
    words = json.dumps(HOSTILE).encode()
    assert failure(exchanges, raw(b'{"error": {"message": %s}}' % words, status=400)).reason == f"400: {HARMLESS}"
    assert failure(exchanges, raw(b'{"error": {"message": %s}}' % words)).reason == f"502: {HARMLESS} (within a 200)"
    assert "\\x1b" in failure(exchanges, raw(words)).reason
    with ScriptedServer(lambda *_: answer("fine", finish_reason=HOSTILE + "y" * 500)) as server:
        (outcome,) = client(server, exchanges).ask([question("finish")], nowhere)
    assert isinstance(outcome, Exchange)
    assert outcome.finish_reason.startswith(f"{HARMLESS}yy")
    assert len(outcome.finish_reason) == 200
    assert exchanges.get(outcome.key) == outcome


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("asked", ["GET /v1/models", "POST /v1/chat/completions"])
def test_a_redirect_carries_nothing_to_another_host(exchanges: Exchanges, asked: str, status: int) -> None:
    with ScriptedServer(lambda *_: answer("stolen")) as other:
        resource = asked.split("/v1")[1]
        odd = {asked: raw(b"", status=status, Location=other.base_url + resource)}
        with ScriptedServer(lambda *_: answer("fine"), odd=odd) as server:
            message = refusal(lambda: client(server, exchanges).ask(questions(2), nowhere))
        assert other.requests == []
    assert message.startswith(f"{server.base_url} points to {other.base_url}, ")
    assert "--base-url" in message


@pytest.mark.parametrize(
    "asked", ["POST /v1/files", "POST /v1/batches", "GET /v1/batches/batch_0", "GET /v1/files/file-1/content"]
)
def test_a_redirect_of_a_batch_is_not_followed(exchanges: Exchanges, asked: str) -> None:
    with ScriptedServer(lambda *_: answer("stolen")) as other:
        odd = {asked: raw(b"", status=307, Location=other.base_url + asked.split("/v1")[1])}
        with ScriptedServer(lambda *_: answer("fine"), odd=odd, batch_polls=0) as server:
            asking = BatchClient(PARAMETERS, server.base_url, exchanges, poll=0.02)
            message = refusal(lambda: asking.ask(questions(2), nowhere))
        assert other.requests == []
    assert message.startswith(f"{server.base_url} points to {other.base_url}, ")


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("/v2/models", "SERVER/v2"),
        ("http://me:secret@host/?token=secret", "http://***@host/?token=***"),
        ("http://\x1b[31m/\xe9", "http://\\x1b[31m/é"),
        ("http://[", "http://["),
        ("//[::zz]/v1", "//[::zz]/v1"),
        ("http://" + "a" * 9000, "aaa…"),
        ("", "another address"),
    ],
)
def test_where_a_redirect_points_is_shown_in_one_plain_line(exchanges: Exchanges, location: str, shown: str) -> None:
    with ScriptedServer(
        lambda *_: answer("x"), odd={"GET /v1/models": raw(b"", status=302, Location=location)}
    ) as server:
        message = refusal(lambda: Client(PARAMETERS, server.base_url, exchanges).ask(questions(1), nowhere))
    assert shown.replace("SERVER", server.base_url.removesuffix("/v1")) in message
    assert "secret" not in message
    assert len(message) < 600


@pytest.mark.parametrize("kind", ["pipe", "folder"])
def test_answers_are_read_from_files_only(exchanges: Exchanges, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "answers\x1b.jsonl"
    os.mkfifo(path) if kind == "pipe" else path.mkdir()
    message = refusal(lambda: import_answers(path, exchanges, Prices({})))
    assert "it is no file; name a JSONL file" in message
