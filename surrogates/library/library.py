"""The library on disk: every candidate of every head with its scores, in one SQLite file.

One writer, write-ahead log, one transaction a result: after a kill the file holds what was finished and nothing else.
"""

import re
from collections.abc import Iterable
from dataclasses import astuple, fields
from pathlib import Path

from sandbox.plain_text import one_line, plain
from sandbox.verdicts import Verdict
from surrogates.errors import InputError
from surrogates.language.program import Program, ProgramRefused
from surrogates.library.candidates import Candidate, Scores, Unusable
from surrogates.library.database import Database
from surrogates.library.heads import Head
from surrogates.library.ranking import Ranked, choose

FILE_NAME = "library.sqlite"
_APPLICATION = 0x68647379  # "hdsy", so that a foreign database is told apart
_VERSION = 4
_SCHEMA = """
CREATE TABLE candidates (
    layer INTEGER NOT NULL, head INTEGER NOT NULL, stage TEXT NOT NULL, place INTEGER NOT NULL,
    origin TEXT NOT NULL, label TEXT NOT NULL, source TEXT NOT NULL, verdict TEXT NOT NULL, reason TEXT NOT NULL,
    model TEXT NOT NULL, round INTEGER NOT NULL, call TEXT NOT NULL,
    train_iou REAL, validation_iou REAL, validation_cross_entropy REAL,
    iou REAL, iou_low REAL, iou_high REAL, cross_entropy REAL, jsd REAL,
    PRIMARY KEY (layer, head, stage, place)
) STRICT;
CREATE TABLE unusable (
    layer INTEGER NOT NULL, head INTEGER NOT NULL, stage TEXT NOT NULL, place INTEGER NOT NULL,
    kind TEXT NOT NULL, reason TEXT NOT NULL, round INTEGER NOT NULL, call TEXT NOT NULL,
    PRIMARY KEY (layer, head, stage, place)
) STRICT;
CREATE TABLE finished (
    stage TEXT NOT NULL, layer INTEGER NOT NULL, head INTEGER NOT NULL, PRIMARY KEY (stage, layer, head)
) STRICT;
"""
_FIGURES = tuple(field.name for field in fields(Scores))
"""As the columns are called."""


class Library(Database):
    """The candidates of a run.

    Args:
        folder: the run directory.
        create: make the file when there is none.

    Raises:
        InputError: there is no library, or it is damaged or of another kind.
    """

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        path = folder / FILE_NAME
        if not create and not path.is_file():
            raise InputError(f"{folder} holds no library; run `headsynth synthesize MODEL --output {folder}` first")
        super().__init__(path)
        try:
            self._open()
        except InputError:
            self.close()
            raise

    def _open(self) -> None:
        version = self._rows("PRAGMA user_version")[0][0]
        tables = self._rows("SELECT count(*) FROM sqlite_master")[0][0]
        if version == 0 and tables == 0:
            self._rows("PRAGMA journal_mode=WAL")
            self._make(f"{_SCHEMA}; PRAGMA application_id={_APPLICATION}; PRAGMA user_version={_VERSION}")
        elif self._rows("PRAGMA application_id")[0][0] == _APPLICATION and version == 3:
            self._refuse_anew()
        elif self._rows("PRAGMA application_id")[0][0] != _APPLICATION or version != _VERSION:
            raise InputError(f"{self.path} is not a library of this version; start a new run directory")

    def _refuse_anew(self) -> None:
        """Programs of an earlier version that this one refuses keep their place as such: shown, and never run."""
        refused = []
        for place, source in self._rows("SELECT rowid, source FROM candidates WHERE train_iou IS NOT NULL"):
            try:
                Program.parse(source)
            except ProgramRefused as error:
                refused.append((Verdict.REFUSED, str(error), place))
        without = "".join(f", {name} = NULL" for name in _FIGURES)
        with self._whole():
            for values in refused:
                self._execute(f"UPDATE candidates SET verdict = ?, reason = ?{without} WHERE rowid = ?", values)
            self._execute(f"PRAGMA user_version={_VERSION}")

    def finished(self, stage: str) -> set[Head]:
        """Heads for which a stage is done."""
        return {Head(*row) for row in self._rows("SELECT layer, head FROM finished WHERE stage = ?", (stage,))}

    def add(
        self,
        head: Head,
        stage: str,
        candidates: Iterable[Candidate],
        unusable: Iterable[Unusable] = (),
        *,
        finished: bool = True,
    ) -> None:
        """Store what a stage found for a head and mark it done, at once; what the stage stored before is replaced.

        Args:
            finished: False where more is to come, so that the stage is not marked.

        Raises:
            InputError: the disk is full or cannot be written; the library stays as it was.
        """
        rows = [
            (
                head.layer,
                head.index,
                stage,
                place,
                c.origin,
                c.label,
                c.source,
                c.verdict,
                c.reason,
                c.model,
                c.round,
                c.call,
                *_figures(c.scores),
            )
            for place, c in enumerate(candidates)
        ]
        lost = [
            (head.layer, head.index, stage, place, u.kind, u.reason, u.round, u.call)
            for place, u in enumerate(unusable)
        ]
        key = (stage, head.layer, head.index)
        with self._transaction():
            for table in ("candidates", "unusable", "finished"):
                self._execute(f"DELETE FROM {table} WHERE stage = ? AND layer = ? AND head = ?", key)
            for row in rows:
                self._execute(f"INSERT INTO candidates VALUES ({', '.join('?' * 20)})", row)
            for part in lost:
                self._execute("INSERT INTO unusable VALUES (?, ?, ?, ?, ?, ?, ?, ?)", part)
            if finished:
                self._execute("INSERT INTO finished VALUES (?, ?, ?)", key)

    def forget(self, stage: str) -> None:
        """Drop what a stage stored for every head."""
        with self._transaction():
            for table in ("candidates", "unusable", "finished"):
                self._execute(f"DELETE FROM {table} WHERE stage = ?", (stage,))

    def heads(self) -> list[Head]:
        """Heads that have a candidate, in order."""
        return [Head(*row) for row in self._rows("SELECT DISTINCT layer, head FROM candidates ORDER BY layer, head")]

    def candidates(self, head: Head) -> list[Candidate]:
        """All candidates of a head, failed ones too, in a fixed order."""
        rows = self._rows(
            f"SELECT origin, label, source, verdict, reason, model, round, call, {', '.join(_FIGURES)}"
            " FROM candidates WHERE layer = ? AND head = ? ORDER BY stage, place",
            (head.layer, head.index),
        )
        found = []
        for origin, label, source, verdict, reason, model, round_, call, *figures in rows:
            scores = None if figures[0] is None else Scores(*figures)
            # Labels become names of files, and the rest is shown; who filled this file is not known.
            label, reason, model = re.sub(r"\W", "_", label, flags=re.ASCII), plain(reason), one_line(model)
            found.append(Candidate(origin, label, source, scores, Verdict(verdict), reason, model, round_, call))
        return found

    def has_asked(self) -> bool:
        """Whether a language model was asked and anything came of it."""
        query = "SELECT EXISTS (SELECT 1 FROM candidates WHERE origin = 'llm') OR EXISTS (SELECT 1 FROM unusable)"
        return bool(self._rows(query)[0][0])

    def unusable(self, head: Head) -> list[Unusable]:
        """Questions about a head that brought no program, and parts of answers that held none, in a fixed order."""
        rows = self._rows(
            "SELECT kind, reason, round, call FROM unusable WHERE layer = ? AND head = ? ORDER BY stage, place",
            (head.layer, head.index),
        )
        return [Unusable(plain(kind), plain(reason), round_, call) for kind, reason, round_, call in rows]

    def ranked(self, head: Head) -> list[Ranked]:
        """Programs of a head by validation IoU, the shorter first where equal; of equal sources only one."""
        scored = [(candidate, candidate.scores) for candidate in self.candidates(head) if candidate.scores is not None]
        # A copy that nobody edited is no program by hand.
        scored.sort(
            key=lambda item: (-item[1].validation_iou, len(item[0].source), item[0].source, item[0].origin == "hand")
        )
        distinct: dict[str, tuple[Candidate, Scores]] = {}
        for candidate, scores in scored:
            distinct.setdefault(candidate.source, (candidate, scores))
        chosen = choose([scores for _, scores in distinct.values()])
        return [
            Ranked(f"{place + 1:02d}_{candidate.label}", candidate, scores, place == chosen)
            for place, (candidate, scores) in enumerate(distinct.values())
        ]

    def surrogates(self) -> dict[Head, Ranked]:
        """The program that stands in for each head that has one: what is shown of a head, and what is patched in."""
        return {head: entry for head in self.heads() for entry in self.ranked(head) if entry.stands_in}

    def failures(self, head: Head) -> list[Candidate]:
        """Candidates of a head that were refused or failed."""
        return [candidate for candidate in self.candidates(head) if candidate.scores is None]


def _figures(scores: Scores | None) -> tuple[float | None, ...]:
    return (None,) * len(_FIGURES) if scores is None else astuple(scores)
