"""Raw figures of a run's evaluation, as they come: one row an arm and text, in a file of their own."""

import hashlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path

from evaluation.clozes import Text, predicted, told
from evaluation.measurements import Figures
from evaluation.task_figures import TaskFigures
from surrogates.errors import InputError
from surrogates.library.database import Database, writable
from synth.fingerprint import texts_fingerprint

FILE_NAME = "measurements.sqlite"
_APPLICATION = 0x6864736D  # "hdsm"
_VERSION = 1
"""Counts up when figures of an earlier version are not those that would be measured now; they are dropped then."""
_TABLES = (
    "CREATE TABLE IF NOT EXISTS arms (id INTEGER PRIMARY KEY, content TEXT NOT NULL UNIQUE) STRICT",
    """CREATE TABLE IF NOT EXISTS texts (
        id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, tokens INTEGER NOT NULL
    ) STRICT""",
    """CREATE TABLE IF NOT EXISTS figures (
        arm INTEGER NOT NULL REFERENCES arms (id), text INTEGER NOT NULL REFERENCES texts (id),
        loss REAL NOT NULL, divergence REAL NOT NULL, same INTEGER NOT NULL, kept INTEGER NOT NULL,
        PRIMARY KEY (arm, text)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS tasks (
        id INTEGER PRIMARY KEY, arm TEXT NOT NULL, key TEXT NOT NULL, task TEXT NOT NULL, figures TEXT NOT NULL,
        UNIQUE (arm, key)
    ) STRICT""",
)
_AT_ONCE = 500
"""Texts asked for in one query: SQLite bounds its parameters."""


class MeasurementFile(Database):
    """Figures by arm and text, so that what was measured once is not measured again.

    Args:
        path: the file, which is made where there is none.
        model: fingerprint of the model that is measured.

    Raises:
        InputError: it is no such file, it is damaged, or it cannot be made.
    """

    def __init__(self, path: Path, model: str) -> None:
        super().__init__(path)
        self._model = model
        try:
            application, version = (self._rows(f"PRAGMA {name}")[0][0] for name in ("application_id", "user_version"))
            tables = [name for (name,) in self._rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
            if application != _APPLICATION and tables:
                raise InputError(f"{path} holds no measurements of headsynth; move it away, then run this again")
            if version > _VERSION:
                raise InputError(f"{path} was written by a later version; update headsynth, or move it away")
            if version < _VERSION:
                self._rows("PRAGMA journal_mode=WAL")
                self._make(tables)
            elif "tasks" not in tables:  # a run that was measured before they were kept
                with self._whole():
                    self._execute(_TABLES[-1])
            # A figure that a power cut takes is measured again.
            self._rows("PRAGMA synchronous=NORMAL")
        except InputError:
            self.close()
            raise

    def _make(self, before: Sequence[str]) -> None:
        with self._transaction():
            for name in before:
                self._execute(f"DROP TABLE {name}")
            for table in _TABLES:
                self._execute(table)
            self._execute(f"PRAGMA application_id={_APPLICATION}")
            self._execute(f"PRAGMA user_version={_VERSION}")

    def arms(self) -> set[str]:
        """The content of every arm of which something is known."""
        return {content for (content,) in self._rows("SELECT content FROM arms")}

    def get(self, arm: str, texts: Sequence[Text]) -> list[Figures | None]:
        """What is known of an arm on texts; None where it is yet to be measured."""
        keys = [self.key(text) for text in texts]
        known: dict[str, Figures] = {}
        for start in range(0, len(keys), _AT_ONCE):
            some = keys[start : start + _AT_ONCE]
            rows = self._rows(
                "SELECT texts.key, loss, divergence, same, kept FROM figures"
                " JOIN arms ON arms.id = arm JOIN texts ON texts.id = text"
                f" WHERE content = ? AND texts.key IN ({', '.join('?' * len(some))})",
                (arm, *some),
            )
            known |= {key: Figures(*figures) for key, *figures in rows}
        return [known.get(key) for key in keys]

    def add(self, arm: str, texts: Sequence[Text], figures: Sequence[Figures]) -> None:
        """Keep what was measured of an arm on texts, in one transaction.

        Raises:
            InputError: the disk is full or cannot be written.
        """
        with self._transaction():
            self._execute("INSERT INTO arms (content) VALUES (?) ON CONFLICT DO NOTHING", (arm,))
            for text, own in zip(texts, figures, strict=True):
                key = self.key(text)
                self._execute(
                    "INSERT INTO texts (key, tokens) VALUES (?, ?) ON CONFLICT DO NOTHING", (key, predicted(text))
                )
                self._execute(
                    "INSERT INTO figures SELECT arms.id, texts.id, ?, ?, ?, ? FROM arms, texts"
                    " WHERE content = ? AND key = ?"
                    " ON CONFLICT DO UPDATE SET loss = excluded.loss, divergence = excluded.divergence,"
                    " same = excluded.same, kept = excluded.kept",
                    (own.loss, own.divergence, own.same, own.kept, arm, key),
                )

    def key(self, text: Text) -> str:
        """Names a text under the model: SHA-256, in hexadecimal."""
        return self._under_model(texts_fingerprint([told(text)]))

    def get_task(self, arm: str, asked: str) -> TaskFigures | None:
        """What is known of an arm on a task; None where it is yet to be measured.

        Args:
            arm: its content.
            asked: what the task asks, see :func:`evaluation.tasks.asked_by`.
        """
        rows = self._rows("SELECT figures FROM tasks WHERE arm = ? AND key = ?", (arm, self._under_model(asked)))
        return TaskFigures.from_text(rows[0][0]) if rows else None

    def add_task(self, arm: str, asked: str, name: str, figures: TaskFigures) -> None:
        """Keep what was measured of an arm on a task of a name.

        Raises:
            InputError: the disk is full or cannot be written.
        """
        with self._transaction():
            self._execute(
                "INSERT OR REPLACE INTO tasks (arm, key, task, figures) VALUES (?, ?, ?, ?)",
                (arm, self._under_model(asked), name, figures.as_text()),
            )

    def tasks(self, arms: Sequence[str]) -> dict[str, dict[str, TaskFigures]]:
        """Of each task, by name, what is known of arms, two or more; of what was asked so, what was measured last."""
        some = ", ".join("?" * len(arms))
        rows = self._rows(f"SELECT task, key, arm, figures FROM tasks WHERE arm IN ({some}) ORDER BY id", arms)
        known: dict[tuple[str, str], dict[str, TaskFigures]] = {}  # what was measured last comes last
        for task, key, arm, figures in rows:
            known[task, key] = known.pop((task, key), {}) | {arm: TaskFigures.from_text(figures)}
        return {task: own for (task, _), own in known.items() if len(own) > 1}

    def _under_model(self, what: str) -> str:
        return hashlib.sha256(f"{self._model} {what}".encode()).hexdigest()


def keeping(
    folder: Path, model: str, say: Callable[[str], None]
) -> AbstractContextManager[MeasurementFile] | AbstractContextManager[None]:
    """A run directory's file of raw figures while they are measured; None, which is said, where it can only be read."""
    if writable(folder) and all(map(writable, folder.glob(f"{FILE_NAME}*"))):
        return closing(MeasurementFile(folder / FILE_NAME, model))
    say(f"{folder} can only be read; figures are not kept")
    return nullcontext()
