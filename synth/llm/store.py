"""What was asked of a language model and what it answered, stored for good: nothing paid for is asked twice."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from prompts.conversation import Message
from surrogates.errors import InputError
from surrogates.library.database import Database
from synth.llm.dialect import Dialect
from synth.llm.migrations import LATEST, migrate, put_in_batch, version_of

TRIAL = "trial"
"""What a question is about that only tries the server."""


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
    """A question.

    Attributes:
        sample: tells several answers to the same question apart.
        label: what it is about, such as ``L3H7``.
        round: in which it is asked, from 1; 0 where that does not matter. Not stored.
    """

    messages: tuple[Message, ...]
    sample: int = 0
    label: str = ""
    round: int = 0

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
    """What a run asked and what was answered, in tables of their own beside the library's.

    A question is one row. A stage keeps it, until it is written anew; without a stage are those that were replaced and
    those that no stage keeps, such as programs that are sent back. It waits until its answer is stored, and is in a
    batch for as long as its row names one.

    Args:
        path: the run's ``library.sqlite``. Make the library first: it takes no file that holds other tables.
        create: make the tables where there are none, and those of this version of earlier ones. Otherwise that is done
            in a copy, since another process may be writing to the file.

    Raises:
        InputError: the file cannot be used, is no SQLite database, or was written by a later version.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        super().__init__(path)
        try:
            # A commit outlives the process but not a power cut: waiting for the disk after every answer, as the
            # default does, would hold up all calls under way for some milliseconds each.
            self._rows("PRAGMA synchronous=NORMAL")
            with self._explained():
                version = version_of(self._connection)
            if version > LATEST:
                raise InputError(f"{path} holds questions of a later version; update headsynth to read them")
            if version < LATEST:
                if not create:
                    self._read_copy()
                with self._whole():
                    migrate(self._connection)
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
            return stored == 1

    def has_answer_of(self, model: str) -> bool:
        """Whether a model has answered anything but what only tried its server."""
        query = (
            "SELECT EXISTS (SELECT 1 FROM exchanges WHERE model = ?"
            " AND key NOT IN (SELECT key FROM questions WHERE label = ?))"
        )
        return bool(self._rows(query, (model, TRIAL))[0][0])

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
        rows = self._rows("SELECT messages FROM questions WHERE label = ? AND stage NOT IN (?, '')", (label, stage))
        return Counter(_messages(messages) for (messages,) in rows)

    def questions(self, stage: str, label: str) -> tuple[list[Ask], str]:
        """What :meth:`keep_questions` kept, in the same order, and its measure; empty when nothing was."""
        rows = self._rows(
            "SELECT messages, sample, measure FROM questions WHERE stage = ? AND label = ? ORDER BY place",
            (stage, label),
        )
        asks = [Ask(_messages(messages), sample, label) for messages, sample, _ in rows]
        return asks, rows[0][2] if rows else ""

    def keep_questions(self, stage: str, asked: Iterable[Sequence[Ask]], measure: str, parameters: Parameters) -> None:
        """Keep questions before they are asked: what they were made from may change before the answers come.

        Args:
            stage: what they are asked for.
            asked: all questions of one label, of the next and so on; they replace what was kept of these.
            measure: how much they ask for.
            parameters: with which they are asked.
        """
        with self._transaction():
            for own in asked:
                # Those that are replaced may be with a person or in a batch: their rows stay, for the answers.
                self._execute("UPDATE questions SET stage = '' WHERE stage = ? AND label = ?", (stage, own[0].label))
                for place, ask in enumerate(own):
                    key = ask.key(parameters)
                    again = self._execute(
                        "UPDATE questions SET stage = ?, place = ?, measure = ? WHERE number ="
                        " (SELECT min(number) FROM questions WHERE key = ? AND stage = '' AND label = ?)",
                        (stage, place, measure, key, ask.label),
                    )
                    if not again:
                        self._insert(key, ask, parameters.model, stage, place, measure)

    def note(self, asks: Mapping[str, Ask], model: str) -> None:
        """Note questions, by their keys, before they leave: their answers may come by other ways.

        Those that a row stands for already are left.
        """
        with self._transaction():
            for key, ask in asks.items():
                if self.asked(key) is None:
                    self._insert(key, ask, model)

    def asked(self, key: str) -> tuple[str, tuple[Message, ...]] | None:
        """Of a question of the run: the model that was asked, and the messages."""
        rows = self._rows("SELECT model, messages FROM questions WHERE key = ? LIMIT 1", (key,))
        return (rows[0][0], _messages(rows[0][1])) if rows else None

    def _insert(self, key: str, ask: Ask, model: str, stage: str = "", place: int = 0, measure: str = "") -> None:
        messages = json.dumps([[message.role, message.content] for message in ask.messages])
        self._execute(
            "INSERT INTO questions (key, stage, label, place, sample, messages, measure, model)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (key, stage, ask.label, place, ask.sample, messages, measure, model),
        )

    def dialect(self, model: str, address: str | None = None) -> Dialect | None:
        """How a server takes questions to a model, as far as it is known; None where it has answered nothing yet.

        Args:
            address: of the server; None for the one of which something was learned last.
        """
        rows = self._rows(
            "SELECT token_limit, takes_system, in_parts FROM dialects WHERE model = ? AND ? IN (address, '')"
            " ORDER BY rowid DESC LIMIT 1",
            (model, address or ""),
        )
        return Dialect(rows[0][0], bool(rows[0][1]), bool(rows[0][2])) if rows else None

    def keep_dialect(self, model: str, address: str, dialect: Dialect) -> None:
        """Keep how a server takes questions to a model."""
        with self._transaction():
            self._execute(
                "INSERT OR REPLACE INTO dialects (address, model, token_limit, takes_system, in_parts)"
                " VALUES (?, ?, ?, ?, ?)",
                (address, model, dialect.limit, dialect.system, dialect.parts),
            )

    def plan(self) -> str | None:
        """What :meth:`keep_plan` kept last."""
        rows = self._rows("SELECT plan FROM plan")
        return rows[0][0] if rows else None

    def keep_plan(self, plan: str) -> None:
        """Keep what is asked of a language model, for answers that come later."""
        with self._transaction():
            self._execute("INSERT OR REPLACE INTO plan VALUES (1, ?)", (plan,))

    def open_batch(self, id_: str, base_url: str, keys: Iterable[str]) -> bool:
        """Remember a batch of noted questions that was handed in, unless one of the same id is, at whatever server.

        Returns:
            Whether it is.
        """
        with self._transaction():
            if self._rows("SELECT 1 FROM questions WHERE batch = ? LIMIT 1", (id_,)):
                return False
            for key in keys:
                put_in_batch(self._connection, key, id_, base_url)
            return True

    def handed_in(self) -> set[str]:
        """Keys of the questions in batches whose answers have not been read."""
        return {key for (key,) in self._rows("SELECT key FROM questions WHERE batch IS NOT NULL")}

    def open_batches(self, base_url: str) -> list[OpenBatch]:
        """Batches at a server whose answers have not been read, ordered by id."""
        keys: dict[str, list[str]] = {}
        query = "SELECT batch, key FROM questions WHERE base_url = ? ORDER BY batch, number"
        for id_, key in self._rows(query, (base_url,)):
            keys.setdefault(id_, []).append(key)
        return [OpenBatch(id_, tuple(own)) for id_, own in keys.items()]

    def close_batch(self, id_: str) -> None:
        """Forget a batch whose answers have been read."""
        with self._transaction():
            self._execute("UPDATE questions SET batch = NULL, base_url = NULL WHERE batch = ?", (id_,))


def _messages(stored: str) -> tuple[Message, ...]:
    return tuple(Message(role, content) for role, content in json.loads(stored))
