"""Questions leave as files and answers come back as files, from a batch or by hand."""

import json
from pathlib import Path

import pytest

from surrogates.errors import InputError
from synth.llm.calls import request_body
from synth.llm.dialect import Dialect
from synth.llm.failures import Failure
from synth.llm.files import Request, import_answers, request_lines, split_lines, write_requests
from synth.llm.money import Price, Prices
from synth.llm.store import Exchange, Exchanges, Parameters
from tests.llm.asking import client, contents, noted, nowhere, question, questions
from tests.llm.scripted_server import ScriptedServer, answer

PAID = Parameters("paid", temperature=0.5, answer_tokens=50)
PRICES = Prices({"paid": Price(1.0, 10.0)})


def requests(count: int) -> list[Request]:
    return [Request(ask.key(PAID), "L0H3", 2, request_body(ask, PAID, Dialect())) for ask in questions(count)]


def output_line(key: str, content: str, usage: tuple[int, int] | None = (100, 20)) -> str:
    body = json.loads(answer(content, usage=usage).body)
    return json.dumps({"id": "x", "custom_id": key, "response": {"status_code": 200, "body": body}, "error": None})


def test_requests_are_what_a_batch_takes(tmp_path: Path) -> None:
    written = requests(2)
    (path,) = write_requests(written, tmp_path / "requests.jsonl")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["custom_id"] for line in lines] == [f"L0H3-round2-{request.key}" for request in written]
    assert lines[0] == {
        "custom_id": f"L0H3-round2-{question('question 0').key(PAID)}",
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": {
            "model": "paid",
            "messages": [{"role": "user", "content": "question 0"}],
            "max_tokens": 50,
            "temperature": 0.5,
        },
    }
    assert write_requests([], tmp_path / "none.jsonl") == []


def test_large_files_are_split(tmp_path: Path) -> None:
    lines = list(request_lines(requests(10)))
    assert [len(part) for part in split_lines(lines, most_requests=4)] == [4, 4, 2]
    parts = list(split_lines(lines, most_bytes=3 * max(map(len, lines))))
    assert max(sum(map(len, part)) for part in parts) <= 3 * max(map(len, lines))
    assert [line for part in parts for line in part] == lines
    many = requests(1) * 50_001
    assert [path.name for path in write_requests(many, tmp_path / "q.jsonl")] == ["q.jsonl", "q-2.jsonl"]
    assert (tmp_path / "q-2.jsonl").read_text().count("\n") == 1


def test_refusals_that_are_read_again_teach_nothing_more(exchanges: Exchanges, tmp_path: Path) -> None:
    (key,) = noted(exchanges, 1, PAID)
    words = "Unsupported parameter: 'max_completion_tokens' is not supported. Use 'max_tokens' instead."
    line = {"custom_id": key, "response": {"status_code": 400, "body": {"error": {"message": words}}}}
    path = tmp_path / "answers.jsonl"
    path.write_text(json.dumps(line) + "\n")
    for _ in range(3):
        import_answers(path, exchanges, PRICES)
        assert exchanges.dialect("paid") == Dialect("max_tokens")


def test_answers_of_a_batch(exchanges: Exchanges, tmp_path: Path) -> None:
    keys = noted(exchanges, 6, PAID)
    failed = [
        {"custom_id": keys[2], "response": {"status_code": 400, "body": {"error": {"message": "too long"}}}},
        {"custom_id": keys[3], "response": None, "error": {"code": "batch_expired", "message": "too late"}},
        {"custom_id": keys[4], "response": {"status_code": 200, "body": {"choices": []}}, "error": None},
    ]
    path = tmp_path / "answers.jsonl"
    lines = [output_line(keys[1], "one"), output_line("stranger", "x"), output_line(keys[0], "zero", None)]
    path.write_text("\n".join([*lines, *map(json.dumps, failed)]) + "\n\n")
    found = import_answers(path, exchanges, PRICES)
    assert (found.stored, found.kept, found.unknown) == (2, 0, 1)
    assert found.failures[keys[2]] == Failure("refused", "400: too long")
    assert found.failures[keys[3]] == Failure("expired", "too late")
    assert found.failures[keys[4]].kind == "invalid response"
    one, zero = exchanges.get(keys[1]), exchanges.get(keys[0])
    # Batches are billed at half the price.
    assert one == Exchange(keys[1], "one", "stop", 100, 20, 0.5 * (100 * 1.0 + 20 * 10.0) / 1e6, 0.0, "paid")
    assert zero is not None
    assert zero.prompt_tokens > 0
    # A second time changes nothing.
    again = import_answers(path, exchanges, PRICES)
    assert (again.stored, again.kept, again.unknown) == (0, 2, 1)
    # What was imported is not asked.
    with ScriptedServer(lambda *_: answer("asked"), models=("paid",)) as server:
        outcomes = contents(client(server, exchanges, parameters=PAID).ask(questions(3), nowhere))
    assert outcomes == ["zero", "one", "asked"]


def test_answers_by_hand(exchanges: Exchanges, tmp_path: Path) -> None:
    left, key = noted(exchanges, 2, PAID)
    path = tmp_path / "by_hand.jsonl"
    path.write_bytes(
        b"\xef\xbb\xbf"
        + json.dumps({"custom_id": key, "content": "def attend(): …"}, ensure_ascii=False).encode()
        + b"\r\n"
    )
    assert import_answers(path, exchanges, PRICES).stored == 1
    assert exchanges.get(key) == Exchange(key, "def attend(): …", "stop", 0, 0, 0.0, 0.0, "paid")
    assert exchanges.get(left) is None


def test_stored_answers_are_kept(exchanges: Exchanges, tmp_path: Path) -> None:
    (key,) = noted(exchanges, 1, PAID)
    path = tmp_path / "answers.jsonl"
    path.write_text("".join(json.dumps({"custom_id": key, "content": text}) + "\n" for text in ("first", "second")))
    found = import_answers(path, exchanges, PRICES)
    assert (found.stored, found.kept) == (1, 1)
    assert contents([exchanges.get(key)]) == ["first"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("7", "no custom_id"),
        ('{"content": "x"}', "no custom_id"),
        ('{"custom_id": "k", "content": null}', "content that is no text"),
        ('{"custom_id": "k"}', "neither a content"),
        ('{"custom_id": "\\ud83d"}', "neither a content"),
        ('{"custom_id": "k", "response": {"status_code": "200"}}', "neither a content"),
    ],
)
def test_bad_lines_are_named_and_good_ones_stored(exchanges: Exchanges, tmp_path: Path, line: str, words: str) -> None:
    keys = noted(exchanges, 2, PAID)
    path = tmp_path / "answers.jsonl"
    path.write_text(f"{output_line(keys[0], 'zero')}\n{line}\n{output_line(keys[1], 'one')}\n")
    with pytest.raises(InputError) as raised:
        import_answers(path, exchanges, PRICES)
    assert str(raised.value).startswith(f"{path}, line 2: ")
    assert words in str(raised.value)
    assert "2 other answers were stored" in str(raised.value)
    assert exchanges.totals().calls == 2


def test_all_bad_lines_are_counted(exchanges: Exchanges, tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text("x\n" * 20 + '{"custom_id": "a longer key", "content": 7}\n{"custom_id":"","error":{}}\n\n')
    with pytest.raises(InputError) as raised:
        import_answers(path, exchanges, PRICES)
    assert "line 1: is no JSON" in str(raised.value)
    assert "(21 such lines); 0 other answers were stored" in str(raised.value)


def test_files_that_are_no_answers(exchanges: Exchanges, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read the answers"):
        import_answers(tmp_path / "none.jsonl", exchanges, PRICES)
    (tmp_path / "image").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="no text in UTF-8"):
        import_answers(tmp_path / "image", exchanges, PRICES)
