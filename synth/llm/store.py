"""What was asked of a language model and what it answered, stored for good: nothing paid for is asked twice."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from prompts.messages import Message
from surrogates.errors import InputError
from surrogates.library.database import Database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS exchanges (
    key TEXT NOT NULL PRIMARY KEY, content TEXT NOT NULL, finish_reason TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL, answer_tokens INTEGER NOT NULL, dollars REAL, seconds REAL NOT NULL,
    model TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS pending (
    place INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, label TEXT NOT NULL, request TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS questions (
    stage TEXT NOT NULL, label TEXT NOT NULL, place INTEGER NOT NULL, sample INTEGER NOT NULL, messages TEXT NOT NULL,
    measure TEXT NOT NULL, PRIMARY KEY (stage, label, place)
) STRICT;
CREATE TABLE IF NOT EXISTS plan (
    place INTEGER PRIMARY KEY CHECK (place = 1), plan TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS batches (
    id TEXT NOT NULL PRIMARY KEY, base_url TEXT NOT NULL, keys TEXT NOT NULL
) STRICT;
"""


@dataclass(frozen=True)
class Parameters:
    """What is the same for all questions of a run.

    Attributes:
        model: as the server calls it.
        temperature: None leaves it to the server; some models take none.
        answer_tokens: most tokens of an answer, reasoning included where the server counts it.
    """

    model: str
    temperature: float | None
    answer_tokens: int


@dataclass(frozen=True)
class Ask:
    """A question; ``sample`` tells several answers to the same question apart, ``label`` says what it is about."""

    messages: tuple[Message, ...]
    sample: int = 0
    label: str = ""

    def key(self, parameters: Parameters) -> str:
        """Names the answer: SHA-256, in hexadecimal, of everything that may change it.

        The server's address is left out: the same model behind another address need not be asked again.
        """
        parts = {
            "messages": [[message.role, message.content] for message in self.messages],
            "model": parameters.model,
            "temperature": parameters.temperature,
            "answer_tokens": parameters.answer_tokens,
            "sample": self.sample,
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


@dataclass(frozen=True)
class Exchange:
    """An answer as it came.

    Attributes:
        content: the text; empty when a reasoning model spent its tokens before it wrote any.
        finish_reason: ``stop``, ``length`` and so on; empty when the server gave none.
        prompt_tokens: as the server counted them, or estimated when it counted none; likewise ``answer_tokens``.
        dollars: None where the model's price is unknown.
        seconds: from sending to the whole answer, waits and repeats included; 0 for batches and answers by hand.
    """

    key: str
    content: str
    finish_reason: str
    prompt_tokens: int
    answer_tokens: int
    dollars: float | None
    seconds: float
    model: str


@dataclass(frozen=True)
class Pending:
    """A question that waits for its answer.

    Attributes:
        label: what it is about, such as ``L3H7``.
        request: the body to send, as JSON.
    """

    key: str
    label: str
    request: str


@dataclass(frozen=True)
class OpenBatch:
    """A batch that was handed in and whose answers have not been read; ``keys`` are the questions in it."""

    id: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Totals:
    """What a run has cost so far. ``dollars`` leaves out the ``unpriced`` calls, whose price was unknown."""

    calls: int
    prompt_tokens: int
    answer_tokens: int
    dollars: float
    unpriced: int

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.answer_tokens


class Exchanges(Database):
    """The answers of a run, in tables of their own beside the library's.

    Args:
        path: the run's ``library.sqlite``. Make the library first: it takes no file that holds other tables.

    Raises:
        InputError: the file cannot be used, or is no SQLite database.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        try:
            self._rows("PRAGMA journal_mode=WAL")
            # A commit outlives the process but not a power cut: waiting for the disk after every answer, as the
            # default does, would hold up all calls under way for some milliseconds each.
            self._rows("PRAGMA synchronous=NORMAL")
            with self._whole():
                for statement in _SCHEMA.split(";"):
                    self._connection.execute(statement)
        except InputError:
            self.close()
            raise

    def get(self, key: str) -> Exchange | None:
        """The stored answer to a question, if there is one."""
        rows = self._rows("SELECT * FROM exchanges WHERE key = ?", (key,))
        return Exchange(*rows[0]) if rows else None

    def add(self, exchange: Exchange) -> bool:
        """Store an answer, unless the question has one: the first stays.

        Returns:
            Whether it was stored.

        Raises:
            InputError: the disk is full or cannot be written; nothing is stored.
        """
        with self._transaction():
            stored = self._execute(
                "INSERT INTO exchanges VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING", astuple(exchange)
            )
            self._execute("DELETE FROM pending WHERE key = ?", (exchange.key,))
            return stored == 1

    def has_answer_of(self, model: str) -> bool:
        """Whether a model has answered anything."""
        return bool(self._rows("SELECT EXISTS (SELECT 1 FROM exchanges WHERE model = ?)", (model,))[0][0])

    def all(self) -> list[Exchange]:
        """Every answer, ordered by key: the order in which answers arrive is chance."""
        return [Exchange(*row) for row in self._rows("SELECT * FROM exchanges ORDER BY key")]

    def totals(self) -> Totals:
        rows = self._rows(
            "SELECT count(*), coalesce(sum(prompt_tokens), 0), coalesce(sum(answer_tokens), 0), total(dollars),"
            " count(*) - count(dollars) FROM exchanges"
        )
        return Totals(*rows[0])

    def unpriced(self) -> list[tuple[str, int, int]]:
        """Models whose price was unknown when they answered, with their prompt and answer tokens."""
        return self._rows(
            "SELECT model, sum(prompt_tokens), sum(answer_tokens) FROM exchanges WHERE dollars IS NULL"
            " GROUP BY model ORDER BY model"
        )

    def times_asked(self, label: str, stage: str) -> Counter[tuple[Message, ...]]:
        """How often each question about something was kept for other stages than this one."""
        rows = self._rows("SELECT messages FROM questions WHERE label = ? AND stage != ?", (label, stage))
        return Counter(_messages(messages) for (messages,) in rows)

    def questions(self, stage: str, label: str) -> tuple[list[Ask], str]:
        """What :meth:`keep_questions` kept, in the same order, and its measure; empty when nothing was."""
        rows = self._rows(
            "SELECT messages, sample, measure FROM questions WHERE stage = ? AND label = ? ORDER BY place",
            (stage, label),
        )
        asks = [Ask(_messages(messages), sample, label) for messages, sample, _ in rows]
        return asks, rows[0][2] if rows else ""

    def keep_questions(self, stage: str, asked: Iterable[Sequence[Ask]], measure: str) -> None:
        """Keep questions before they are asked: what they were made from may change before the answers come.

        Args:
            stage: what they are asked for.
            asked: all questions of one label, of the next and so on; they replace what was kept of these.
            measure: how much they ask for.
        """
        with self._transaction():
            for own in asked:
                self._execute("DELETE FROM questions WHERE stage = ? AND label = ?", (stage, own[0].label))
                for place, ask in enumerate(own):
                    messages = json.dumps([[message.role, message.content] for message in ask.messages])
                    self._execute(
                        "INSERT INTO questions VALUES (?, ?, ?, ?, ?, ?)",
                        (stage, ask.label, place, ask.sample, messages, measure),
                    )

    def handed_in(self) -> set[str]:
        """Keys of the questions in batches whose answers have not been read."""
        return {key for (keys,) in self._rows("SELECT keys FROM batches") for key in json.loads(keys)}

    def want(self, questions: Iterable[Pending]) -> None:
        """Note questions that wait for an answer, in their order; answered ones and ones already noted are left."""
        with self._transaction():
            for question in questions:
                self._execute(
                    "INSERT INTO pending (key, label, request) SELECT ?, ?, ?"
                    " WHERE NOT EXISTS (SELECT 1 FROM exchanges WHERE key = ?) ON CONFLICT (key) DO NOTHING",
                    (*astuple(question), question.key),
                )

    def pending(self) -> list[Pending]:
        """Questions that wait for an answer, in the order in which they were noted."""
        return [Pending(*row) for row in self._rows("SELECT key, label, request FROM pending ORDER BY place")]

    def plan(self) -> str | None:
        """What :meth:`keep_plan` kept last."""
        rows = self._rows("SELECT plan FROM plan")
        return rows[0][0] if rows else None

    def keep_plan(self, plan: str) -> None:
        """Keep what is asked of a language model, for answers that come later."""
        with self._transaction():
            self._execute("INSERT OR REPLACE INTO plan VALUES (1, ?)", (plan,))

    def open_batch(self, id_: str, base_url: str, keys: Iterable[str]) -> bool:
        """Remember a batch that was handed in, unless one of the same id is remembered, at whatever server.

        Returns:
            Whether it is.
        """
        with self._transaction():
            values = (id_, base_url, json.dumps(list(keys)))
            return self._execute("INSERT INTO batches VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING", values) == 1

    def open_batches(self, base_url: str) -> list[OpenBatch]:
        """Batches at a server whose answers have not been read, ordered by id."""
        rows = self._rows("SELECT id, keys FROM batches WHERE base_url = ? ORDER BY id", (base_url,))
        return [OpenBatch(id_, tuple(json.loads(keys))) for id_, keys in rows]

    def close_batch(self, id_: str) -> None:
        """Forget a batch whose answers have been read."""
        with self._transaction():
            self._execute("DELETE FROM batches WHERE id = ?", (id_,))


def _messages(stored: str) -> tuple[Message, ...]:
    return tuple(Message(role, content) for role, content in json.loads(stored))
