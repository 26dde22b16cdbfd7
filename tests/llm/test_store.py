"""What was asked stands until it is written anew, and its answer is known for what it is whichever way it comes."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from surrogates.library.library import FILE_NAME
from synth.llm.batches import BatchClient
from synth.llm.files import Carried, import_answers
from synth.llm.money import Prices
from synth.llm.store import Ask, Exchange, Exchanges, Parameters
from tests.llm.asking import PARAMETERS, contents, exchanges_of, nowhere, question, questions, refusal
from tests.llm.scripted_server import MODEL, ScriptedServer, answer

FIRST, SECOND = f"llm {MODEL} 001", f"llm {MODEL} 002"
HERE, ELSEWHERE = "http://here/v1", "http://elsewhere/v1"


def about(label: str, *texts: str, sample: int = 0) -> list[Ask]:
    return [Ask(question(text).messages, sample, label) for text in texts]


def keys(asks: list[Ask], parameters: Parameters = PARAMETERS) -> list[str]:
    return [ask.key(parameters) for ask in asks]


def test_questions_are_kept_in_their_order_until_they_are_written_anew(exchanges: Exchanges) -> None:
    own, other = about("L0H0", "a", "b", "c"), about("L0H1", "a")
    exchanges.keep_questions(FIRST, [own, other], "much", PARAMETERS)
    assert exchanges.questions(FIRST, "L0H0") == (own, "much")
    assert exchanges.questions(FIRST, "L0H1") == (other, "much")
    assert exchanges.questions(SECOND, "L0H0") == ([], "")
    anew = [own[2], *about("L0H0", "d"), own[0]]
    exchanges.keep_questions(FIRST, [anew], "more", PARAMETERS)
    assert exchanges.questions(FIRST, "L0H0") == (anew, "more")
    assert exchanges.questions(FIRST, "L0H1") == (other, "much")
    exchanges.keep_questions(SECOND, [about("L0H0", "d", sample=1)], "more", PARAMETERS)
    # What was replaced counts no more, and what was sent back counts for no stage.
    exchanges.note(dict(zip(keys(own[:1]), own, strict=False)), MODEL)
    times = exchanges.times_asked("L0H0", SECOND)
    assert times == Counter(ask.messages for ask in anew)
    assert exchanges.times_asked("L0H0", FIRST) == Counter([anew[1].messages])


def test_answers_to_questions_that_were_written_anew_are_known(exchanges: Exchanges, tmp_path: Path) -> None:
    """Whoever carried them paid for them, or will."""
    before, after = about("L0H0", "a", "b"), about("L0H0", "a", "c")
    exchanges.keep_questions(FIRST, [before], "much", PARAMETERS)
    assert exchanges.open_batch("batch_0", HERE, keys(before))
    exchanges.keep_questions(FIRST, [after], "more", PARAMETERS)
    (batch,) = exchanges.open_batches(HERE)
    assert sorted(batch.keys) == sorted(keys(before))
    assert exchanges.handed_in() == set(keys(before))
    path = tmp_path / "answers.jsonl"
    path.write_text("".join(json.dumps({"custom_id": key, "content": "x"}) + "\n" for key in keys(before + after)))
    found = import_answers(path, exchanges, Prices({}))
    assert (found.stored, found.kept, found.unknown) == (3, 1, 0)


def test_questions_are_noted_once_and_carried_in_their_order(exchanges: Exchanges) -> None:
    asks = questions(3)
    exchanges.add(Exchange(asks[1].key(PARAMETERS), "known", "stop", 1, 1, None, 0.0, MODEL))
    for _ in range(2):
        asker = Carried(PARAMETERS, exchanges)
        known = exchanges.get(asks[1].key(PARAMETERS))
        assert asker.ask([asks[2], *asks], nowhere) == [None, None, known, None]
        assert [request.key for request in asker.noted] == keys([asks[2], asks[0]])
    rows = exchanges._rows("SELECT key FROM questions ORDER BY number")
    assert [key for (key,) in rows] == keys([asks[2], asks[0]])


def test_one_question_about_two_heads_is_one_in_a_batch(exchanges: Exchanges) -> None:
    both = [about("L0H0", "a", "b"), about("L0H1", "a")]
    exchanges.keep_questions(FIRST, both, "much", PARAMETERS)
    assert exchanges.open_batch("batch_0", HERE, keys(both[0]))
    assert [batch.keys for batch in exchanges.open_batches(HERE)] == [tuple(keys(both[0]))]


def test_a_batch_is_remembered_until_it_is_read_and_its_id_is_known_once(exchanges: Exchanges) -> None:
    asks = {ask.key(PARAMETERS): ask for ask in questions(2)}
    first, second = asks
    exchanges.note(asks, MODEL)
    assert exchanges.open_batch("batch_0", HERE, [first])
    assert not exchanges.open_batch("batch_0", ELSEWHERE, [second])
    # A question that two servers have may be answered by either.
    assert exchanges.open_batch("batch_1", ELSEWHERE, [first, second])
    assert [batch.keys for batch in exchanges.open_batches(HERE)] == [(first,)]
    ((id_, of_both),) = [(batch.id, batch.keys) for batch in exchanges.open_batches(ELSEWHERE)]
    assert (id_, sorted(of_both)) == ("batch_1", sorted(asks))
    exchanges.close_batch("batch_1")
    assert exchanges.handed_in() == {first}
    exchanges.close_batch("batch_0")
    assert exchanges.handed_in() == set()
    assert exchanges.open_batch("batch_0", HERE, [first])


_EARLIER = """
CREATE TABLE exchanges (
    key TEXT NOT NULL PRIMARY KEY, content TEXT NOT NULL, finish_reason TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL, answer_tokens INTEGER NOT NULL, dollars REAL, seconds REAL NOT NULL,
    model TEXT NOT NULL
) STRICT;
CREATE TABLE pending (
    place INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, label TEXT NOT NULL, request TEXT NOT NULL
) STRICT;
CREATE TABLE questions (
    stage TEXT NOT NULL, label TEXT NOT NULL, place INTEGER NOT NULL, sample INTEGER NOT NULL, messages TEXT NOT NULL,
    measure TEXT NOT NULL, PRIMARY KEY (stage, label, place)
) STRICT;
CREATE TABLE plan (place INTEGER PRIMARY KEY CHECK (place = 1), plan TEXT NOT NULL) STRICT;
CREATE TABLE batches (id TEXT NOT NULL PRIMARY KEY, base_url TEXT NOT NULL, keys TEXT NOT NULL) STRICT;
"""


@contextmanager
def earlier(run: Path, base_url: str, asks: list[Ask]) -> Iterator[sqlite3.Connection]:
    """A file with the tables of before, in which questions are kept: the first is answered, two are in a batch, one
    more waits as does a program that was sent back, and the last was not asked yet."""
    with exchanges_of(run) as exchanges:
        for table in ("dialects", "exchanges", "questions", "plan", "versions"):
            exchanges._rows(f"DROP TABLE {table}")
    connection = sqlite3.connect(run / FILE_NAME)
    connection.executescript(_EARLIER)
    with connection:
        for place, ask in enumerate(asks):
            messages = [{"role": message.role, "content": message.content} for message in ask.messages]
            pairs = json.dumps([list(message.values()) for message in messages])
            values = (FIRST, ask.label, place, ask.sample, pairs, "much")
            connection.execute("INSERT INTO questions VALUES (?, ?, ?, ?, ?, ?)", values)
            body = {"model": MODEL, "messages": messages, "max_tokens": PARAMETERS.answer_tokens}
            row = (ask.key(PARAMETERS), ask.label, json.dumps(body))
            if 0 < place < len(asks) - 1:
                connection.execute("INSERT INTO pending (key, label, request) VALUES (?, ?, ?)", row)
        sent_back = question("mend this")
        body = {"model": MODEL, "messages": [{"role": "user", "content": "mend this"}], "max_tokens": 50}
        row = (sent_back.key(PARAMETERS), asks[0].label, json.dumps(body))
        connection.execute("INSERT INTO pending (key, label, request) VALUES (?, ?, ?)", row)
        answered = (asks[0].key(PARAMETERS), "paid", "stop", 10, 2, 0.5, 1.0, MODEL)
        connection.execute("INSERT INTO exchanges VALUES (?, ?, ?, ?, ?, ?, ?, ?)", answered)
        batch = ("batch_0", base_url, json.dumps(keys(asks[:3])))
        connection.execute("INSERT INTO batches VALUES (?, ?, ?)", batch)
        plan = {"model": MODEL, "heads": [], "answer_tokens": PARAMETERS.answer_tokens}
        connection.execute("INSERT INTO plan VALUES (1, ?)", (json.dumps(plan),))
    yield connection
    connection.close()


def handed_in_by_another(server: ScriptedServer, run: Path, asks: list[Ask]) -> None:
    """Let the server have a batch, ``batch_0``, that nobody waits for."""

    def dies(done: int, total: int, figure: str = "") -> None:  # noqa: ARG001 - a `Step`
        raise KeyboardInterrupt

    with exchanges_of(run) as exchanges, pytest.raises(KeyboardInterrupt):
        BatchClient(PARAMETERS, server.base_url, exchanges, poll=0.02).ask(asks, dies)


def test_a_file_of_an_earlier_version_goes_on(tmp_path: Path) -> None:
    """Nothing is asked twice, the batch is waited for, and what was kept stands."""
    asks = about("L0H3", "a", "b", "c", "d", "e")
    other, run = tmp_path / "other", tmp_path / "run"
    other.mkdir()
    run.mkdir()
    with ScriptedServer(lambda prompt, _: answer(f"answer to {prompt}")) as server:
        handed_in_by_another(server, other, asks[1:3])
        with earlier(run, server.base_url, asks):
            pass
        for _ in range(2):  # once it is of this version, too
            with exchanges_of(run) as exchanges:
                assert exchanges.questions(FIRST, "L0H3") == (asks, "much")
                assert exchanges.times_asked("L0H3", SECOND) == Counter(ask.messages for ask in asks)
                assert exchanges.handed_in() >= set(keys(asks[1:3]))
                assert contents([exchanges.get(asks[0].key(PARAMETERS))]) == ["paid"]
                assert exchanges.asked(question("mend this").key(PARAMETERS)) == (MODEL, question("mend this").messages)
                assert exchanges.plan() is not None
        with exchanges_of(run) as exchanges:
            exchanges.keep_questions(FIRST, [asks], "much", PARAMETERS)
            asking = BatchClient(PARAMETERS, server.base_url, exchanges, poll=0.02)
            assert contents(asking.ask(asks, nowhere)) == ["paid", *(f"answer to {text}" for text in "bcde")]
            assert exchanges.handed_in() == set()
            assert len(exchanges._rows("SELECT key FROM questions")) == len(asks) + 1
        assert len(server.handed_in) == 2
        asked = [json.loads(line)["custom_id"] for batch in server.handed_in.values()
                 for line in server.files[batch["input"]].splitlines()]  # fmt: skip
        assert asked == keys(asks[1:])


def test_answers_to_what_an_earlier_version_wrote_out_are_taken(tmp_path: Path) -> None:
    asks = about("L0H3", "a", "b", "c", "d", "e")
    with earlier(tmp_path, HERE, asks):
        pass
    path = tmp_path / "answers.jsonl"
    wanted = [*keys(asks[:4]), question("mend this").key(PARAMETERS)]
    path.write_text("".join(json.dumps({"custom_id": key, "content": "x"}) + "\n" for key in wanted))
    with exchanges_of(tmp_path) as exchanges:
        found = import_answers(path, exchanges, Prices({}))
        assert (found.stored, found.kept, found.unknown) == (4, 1, 0)
        assert {exchange.model for exchange in exchanges.all()} == {MODEL}


def test_a_damaged_plan_of_an_earlier_version_loses_no_question(tmp_path: Path) -> None:
    asks = about("L0H3", "a", "b", "c", "d", "e")
    with earlier(tmp_path, HERE, asks) as connection, connection:
        connection.execute("UPDATE plan SET plan = 'no plan'")
    with exchanges_of(tmp_path) as exchanges:
        exchanges.keep_questions(FIRST, [asks], "much", PARAMETERS)
        assert exchanges.questions(FIRST, "L0H3") == (asks, "much")
        assert [batch.keys for batch in exchanges.open_batches(HERE)] == [tuple(keys(asks[1:3]))]


def test_a_file_of_a_later_version_is_refused(tmp_path: Path) -> None:
    with exchanges_of(tmp_path) as exchanges:
        exchanges._rows("UPDATE versions SET version = 99")
    assert "holds questions of a later version; update headsynth" in refusal(lambda: Exchanges(tmp_path / FILE_NAME))


def test_what_fails_within_a_transaction_is_undone(exchanges: Exchanges) -> None:
    class Unwritable(dict[str, Ask]):
        def items(self) -> Any:
            yield "key", question("a")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        exchanges.note(Unwritable(), MODEL)
    assert exchanges.asked("key") is None
    exchanges.note({"key": question("a")}, MODEL)
    assert exchanges.asked("key") is not None


@pytest.mark.parametrize("writable", [False, True])
def test_whoever_only_reads_leaves_a_file_of_an_earlier_version_as_it_is(
    writable: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether or not it could be written to: a process of that version may be at work on it."""
    asks = about("L0H3", "a", "b", "c", "d", "e")
    with earlier(tmp_path, HERE, asks):
        pass
    before = (tmp_path / FILE_NAME).read_bytes()
    monkeypatch.setattr("surrogates.library.database.writable", lambda _path: writable)
    with closing(Exchanges(tmp_path / FILE_NAME)) as exchanges:
        assert exchanges.questions(FIRST, "L0H3") == (asks, "much")
        assert exchanges.totals().calls == 1
        assert "can only be read" in refusal(lambda: exchanges.keep_questions(FIRST, [asks], "much", PARAMETERS))
    assert (tmp_path / FILE_NAME).read_bytes() == before
