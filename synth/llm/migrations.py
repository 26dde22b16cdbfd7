"""The tables of questions and answers, as small numbered steps: a new file takes all, one of an earlier version the
rest.

A step is never changed once a file may have taken it, and none drops what was paid for. The steps are counted in a
table of their own, since the number of the file itself is the library's.
"""

import hashlib
import json
import sqlite3
from collections.abc import Callable


def _tables(database: sqlite3.Connection) -> None:
    """As earlier versions made them, which counted no steps."""
    database.execute(
        """CREATE TABLE IF NOT EXISTS exchanges (
            key TEXT NOT NULL PRIMARY KEY, content TEXT NOT NULL, finish_reason TEXT NOT NULL,
            prompt_tokens INTEGER NOT NULL, answer_tokens INTEGER NOT NULL, dollars REAL, seconds REAL NOT NULL,
            model TEXT NOT NULL
        ) STRICT"""
    )
    database.execute(
        """CREATE TABLE IF NOT EXISTS pending (
            place INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, label TEXT NOT NULL, request TEXT NOT NULL
        ) STRICT"""
    )
    database.execute(
        """CREATE TABLE IF NOT EXISTS questions (
            stage TEXT NOT NULL, label TEXT NOT NULL, place INTEGER NOT NULL, sample INTEGER NOT NULL,
            messages TEXT NOT NULL, measure TEXT NOT NULL, PRIMARY KEY (stage, label, place)
        ) STRICT"""
    )
    database.execute(
        "CREATE TABLE IF NOT EXISTS plan (place INTEGER PRIMARY KEY CHECK (place = 1), plan TEXT NOT NULL) STRICT"
    )
    database.execute(
        """CREATE TABLE IF NOT EXISTS batches (
            id TEXT NOT NULL PRIMARY KEY, base_url TEXT NOT NULL, keys TEXT NOT NULL
        ) STRICT"""
    )


def _one_row_a_question(database: sqlite3.Connection) -> None:
    """A question was a row where it was kept, another where it waited, and a key in the list of its batch."""
    database.execute("ALTER TABLE questions RENAME TO kept")
    database.execute(
        """CREATE TABLE questions (
            number INTEGER PRIMARY KEY, key TEXT NOT NULL, stage TEXT NOT NULL, label TEXT NOT NULL,
            place INTEGER NOT NULL, sample INTEGER NOT NULL, messages TEXT NOT NULL, measure TEXT NOT NULL,
            model TEXT NOT NULL, batch TEXT, base_url TEXT
        ) STRICT"""
    )
    database.execute("CREATE INDEX questions_by_key ON questions (key)")
    database.execute("CREATE INDEX questions_by_label ON questions (label, stage)")
    insert = (
        "INSERT INTO questions (key, stage, label, place, sample, messages, measure, model)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    )
    tokens = _answer_tokens(database)
    kept = "SELECT stage, label, place, sample, messages, measure FROM kept ORDER BY rowid"
    for stage, label, place, sample, messages, measure in database.execute(kept).fetchall():
        model = stage.removeprefix("llm ").rpartition(" ")[0]
        key = _key(messages, model, tokens, sample)
        database.execute(insert, (key, stage, label, place, sample, messages, measure, model))
    for key, label, request in database.execute("SELECT key, label, request FROM pending ORDER BY place").fetchall():
        if database.execute("SELECT 1 FROM questions WHERE key = ?", (key,)).fetchone() is None:
            body = json.loads(request)
            messages = json.dumps([[message["role"], message["content"]] for message in body["messages"]])
            database.execute(insert, (key, "", label, 0, 0, messages, "", body["model"]))
    for id_, base_url, keys in database.execute("SELECT id, base_url, keys FROM batches ORDER BY id").fetchall():
        for key in json.loads(keys):
            put_in_batch(database, key, id_, base_url)
    for table in ("kept", "pending", "batches"):
        database.execute(f"DROP TABLE {table}")


def _dialects(database: sqlite3.Connection) -> None:
    """How each server takes questions to each model, which earlier versions guessed from their names."""
    database.execute(
        """CREATE TABLE dialects (
            address TEXT NOT NULL, model TEXT NOT NULL, token_limit TEXT NOT NULL, takes_system INTEGER NOT NULL,
            in_parts INTEGER NOT NULL, PRIMARY KEY (address, model)
        ) STRICT"""
    )


_STEPS: dict[int, Callable[[sqlite3.Connection], None]] = {1: _tables, 2: _one_row_a_question, 3: _dialects}
"""By the version that a step leads to."""


LATEST = max(_STEPS)


def version_of(database: sqlite3.Connection) -> int:
    """Of the tables; 0 where there are none that counted their steps."""
    if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'versions'").fetchone():
        return 0
    row = database.execute("SELECT version FROM versions WHERE part = 'questions'").fetchone()
    return row[0] if row else 0


def migrate(database: sqlite3.Connection) -> None:
    """Bring the tables to this version, within a transaction."""
    version = version_of(database)  # another process may have been first
    database.execute("CREATE TABLE IF NOT EXISTS versions (part TEXT NOT NULL PRIMARY KEY, version INTEGER) STRICT")
    for number, step in _STEPS.items():
        if number > version:
            step(database)
            database.execute("INSERT OR REPLACE INTO versions VALUES ('questions', ?)", (number,))


def put_in_batch(database: sqlite3.Connection, key: str, id_: str, base_url: str) -> None:
    """Note in a question's row which batch it is in.

    One that is in a batch already, of another server, gets another row: either may bring the answer that is paid for.
    """
    free = "SELECT min(number) FROM questions WHERE key = ? AND batch IS NULL"
    noted = database.execute(
        f"UPDATE questions SET batch = ?, base_url = ? WHERE number = ({free})", (id_, base_url, key)
    )
    if not noted.rowcount:
        database.execute(
            "INSERT INTO questions (key, stage, label, place, sample, messages, measure, model, batch, base_url)"
            " SELECT key, '', label, 0, sample, messages, '', model, ?, ? FROM questions WHERE key = ? LIMIT 1",
            (id_, base_url, key),
        )


def _answer_tokens(database: sqlite3.Connection) -> int:
    """Those of the plan that was asked last; a question that another plan wrote gets its key when it is asked."""
    row = database.execute("SELECT plan FROM plan").fetchone()
    try:
        return json.loads(row[0])["answer_tokens"] if row else 0
    except (ValueError, KeyError, TypeError, RecursionError):  # damaged, which is told where the plan is needed
        return 0


def _key(messages: str, model: str, answer_tokens: int, sample: int) -> str:
    parts = {
        "messages": json.loads(messages),
        "model": model,
        "temperature": None,
        "answer_tokens": answer_tokens,
        "sample": sample,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
