"""The library on disk: every candidate of every head with its scores, in one SQLite file.

One writer, write-ahead log, one transaction a result: after a kill the file holds what was finished and nothing else.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any

from sandbox.plain_text import one_line, plain, valid
from sandbox.verdicts import Verdict
from surrogates.errors import InputError
from surrogates.language.program import Program
from surrogates.library.candidates import Candidate, Ceiling, Scores, Unusable
from surrogates.library.database import Database
from surrogates.library.head_scores import HeadScores
from surrogates.library.heads import Head
from surrogates.library.migrations import FIRST, MIGRATIONS, keep_program
from surrogates.library.ranking import Ranked, choose
from surrogates.library.structures import Structure, Use

FILE_NAME = "library.sqlite"
FITTED = "fitted"
"""The assignment that ranking makes: of each head the program that stands in for it."""
_APPLICATION = 0x68647379  # "hdsy", so that a foreign database is told apart
_FIGURES = tuple(field.name for field in fields(Scores))
"""As the columns are called."""


class Library(Database):
    """The candidates of a run.

    Args:
        folder: the run directory.
        create: make the file when there is none, and one of this version of an earlier one. Otherwise an earlier one is
            read from a copy, since another process may be writing to it.

    Raises:
        InputError: there is no library, or it is damaged, of another kind or of a later version.
    """

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        path = folder / FILE_NAME
        if not create and not path.is_file():
            raise InputError(f"{folder} holds no library; run `headsynth synthesize MODEL --output {folder}` first")
        super().__init__(path)
        try:
            self._migrate(in_place=create)
        except InputError:
            self.close()
            raise

    def _migrate(self, *, in_place: bool) -> None:
        version = self._version()
        application = self._rows("PRAGMA application_id")[0][0]
        if version == 0 and self._rows("SELECT count(*) FROM sqlite_master")[0][0] == 0:
            self._rows("PRAGMA journal_mode=WAL")
        elif application != _APPLICATION or version < FIRST:
            raise InputError(f"{self.path} is no library that can be read; start a new run directory")
        elif version > max(MIGRATIONS):
            raise InputError(f"{self.path} is a library of a later version; update headsynth to read it")
        if version < max(MIGRATIONS):
            if not in_place:
                self._read_copy()
            with self._whole():
                version = self._version()  # another process may have been first
                for number, step in MIGRATIONS.items():
                    if number > version:
                        step(self._connection)
                self._execute(f"PRAGMA application_id={_APPLICATION}")
                self._execute(f"PRAGMA user_version={max(MIGRATIONS)}")

    def _version(self) -> int:
        return self._rows("PRAGMA user_version")[0][0]

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
        ceiling: Ceiling | None = None,
        finished: bool = True,
    ) -> None:
        """Store what a stage found for a head and mark it done, at once; what the stage stored before is replaced.

        Args:
            ceiling: the head's, in the place of the one before; left as it is where none is given.
            finished: False where more is to come, so that the stage is not marked.

        Raises:
            InputError: the disk is full or cannot be written; the library stays as it was.
        """
        rows = list(enumerate(candidates))
        lost = [
            (head.layer, head.index, stage, place, u.kind, u.reason, u.round, u.call)
            for place, u in enumerate(unusable)
        ]
        key = (stage, head.layer, head.index)
        with self._transaction():
            self._drop("stage = ? AND layer = ? AND head = ?", key)
            for place, c in rows:
                program = keep_program(self._connection, valid(c.source), c.at_hand)
                values = (
                    head.layer, head.index, stage, place, c.origin, c.label, program, c.verdict, c.reason, c.model,
                    c.round, c.call, *_figures(c.scores),
                )  # fmt: skip
                self._execute(f"INSERT INTO candidates VALUES ({', '.join('?' * len(values))})", values)
            for part in lost:
                self._execute("INSERT INTO unusable VALUES (?, ?, ?, ?, ?, ?, ?, ?)", part)
            if ceiling is not None:
                shares = json.dumps(ceiling.shares)
                figures = (ceiling.validation_iou, ceiling.iou)
                row = (head.layer, head.index, *figures, shares, ceiling.model, json.dumps(dict(ceiling.groups)))
                self._execute("INSERT OR REPLACE INTO ceilings VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            if finished:
                self._execute("INSERT INTO finished VALUES (?, ?, ?)", key)

    def forget(self, stage: str) -> None:
        """Drop what a stage stored for every head."""
        with self._transaction():
            self._drop("stage = ?", (stage,))

    def _drop(self, where: str, values: tuple) -> None:
        """Delete what a stage stored, within a transaction."""
        dropped = self._execute(f"DELETE FROM candidates WHERE {where}", values)
        for table in ("unusable", "finished"):
            self._execute(f"DELETE FROM {table} WHERE {where}", values)
        if dropped:
            self._drop_unused()

    def _drop_unused(self) -> None:
        """Delete programs that are nowhere named, and structures that have none, within a transaction."""
        self._execute(
            "DELETE FROM programs"
            " WHERE id NOT IN (SELECT program FROM candidates UNION SELECT program FROM assignments)"
        )
        self._execute(
            "DELETE FROM structures WHERE NOT EXISTS (SELECT 1 FROM programs WHERE structure = structures.id)"
        )

    def heads(self) -> list[Head]:
        """Heads that have a candidate, in order."""
        return [Head(*row) for row in self._rows("SELECT DISTINCT layer, head FROM candidates ORDER BY layer, head")]

    def candidates(self, head: Head) -> list[Candidate]:
        """All candidates of a head, failed ones too, in a fixed order."""
        rows = self._rows(
            f"SELECT origin, label, source, verdict, reason, model, round, call, {', '.join(_FIGURES)}"
            " FROM candidates JOIN programs ON programs.id = program WHERE layer = ? AND head = ?"
            " ORDER BY stage, place",
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
        # Of equal figures those of the latest round: there a program was given a better hypothesis.
        # A copy that nobody edited is no program by hand.
        scored.sort(
            key=lambda item: (
                -item[1].validation_iou, -item[0].round, len(item[0].source), item[0].source, item[0].origin == "hand"
            )
        )  # fmt: skip
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

    def keep_assignment(self, name: str, programs: Mapping[Head, Program]) -> None:
        """Store programs that stand in for heads together under a name, in the place of those before.

        Raises:
            InputError: the disk is full or cannot be written.
        """
        with self._transaction():
            self._execute("DELETE FROM assignments WHERE name = ?", (name,))
            for head, program in programs.items():
                kept = keep_program(self._connection, valid(program.source), program)
                self._execute("INSERT INTO assignments VALUES (?, ?, ?, ?)", (name, head.layer, head.index, kept))
            self._drop_unused()

    def assignments(self) -> dict[str, list[Head]]:
        """The names under which programs were stored together, and their heads."""
        found: dict[str, list[Head]] = {}
        for name, layer, index in self._rows("SELECT name, layer, head FROM assignments ORDER BY name, layer, head"):
            found.setdefault(plain(name), []).append(Head(layer, index))
        return found

    def assignment(self, name: str) -> dict[Head, Program]:
        """The programs that were stored under a name, in the order of their heads.

        Raises:
            InputError: there are none, or the library was changed by other means.
        """
        rows = self._rows(
            "SELECT layer, head, source FROM assignments JOIN programs ON programs.id = program WHERE name = ?"
            " ORDER BY layer, head",
            (name,),
        )
        if not rows:
            known = ", ".join([FITTED, *self.assignments()])
            raise InputError(f"{self.path} has no assignment {name!r}; there are {known}")
        # As a candidate it says what is wrong with it.
        return {Head(layer, index): Candidate("hand", name, source, None).program for layer, index, source in rows}

    def ceilings(self) -> dict[Head, Ceiling]:
        """Of each head that has one, in order.

        Raises:
            InputError: the file was changed by other means, and some shares are no numbers.
        """
        rows = self._rows("SELECT * FROM ceilings ORDER BY layer, head")
        return {
            Head(layer, index): Ceiling(
                validation, test, tuple(self._shares(shares, list)), model, self._shares(groups, dict)
            )
            for layer, index, validation, test, shares, model, groups in rows
        }

    def _shares(self, written: str, kind: type) -> Any:
        try:
            shares = json.loads(written)
            values = shares.values() if isinstance(shares, dict) else shares
            if type(shares) is not kind or not all(isinstance(x, int | float) and 0 <= x < math.inf for x in values):
                raise ValueError("they are no shares")
        except (ValueError, RecursionError) as error:
            raise InputError(
                f"{self.path} holds shares of parts that cannot be read ({error}); put a copy of it back, or give "
                "another --output to search anew"
            ) from error
        return shares

    def keep_scores(self, scores: Mapping[Head, HeadScores]) -> None:
        """Store heads' scores in the place of those before.

        Raises:
            InputError: the disk is full or cannot be written.
        """
        with self._transaction():
            for head, own in scores.items():
                row = (head.layer, head.index, *astuple(own))
                self._execute("INSERT OR REPLACE INTO head_scores VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def head_scores(self) -> dict[Head, HeadScores]:
        """Of each head of which they were measured, in order."""
        rows = self._rows("SELECT * FROM head_scores ORDER BY layer, head")
        return {Head(layer, index): HeadScores(*scores) for layer, index, *scores in rows}

    def structures(self) -> list[Structure]:
        """The structures that have scores, those that serve most heads first, each with its best program on a head."""
        rows = self._rows(
            # Of a group's rows SQLite takes the bare columns from the one that has the maximum.
            "SELECT structures.id, kind, parts, literals, nodes, families, layer, head, source, constants,"
            " max(validation_iou)"
            " FROM structures JOIN programs ON structure = structures.id JOIN candidates ON program = programs.id"
            " WHERE validation_iou IS NOT NULL GROUP BY structures.id, layer, head ORDER BY structures.id, layer, head"
        )
        found: dict[int, Structure] = {}
        for id_, kind, parts, literals, nodes, families, layer, index, source, constants, iou in rows:
            empty = Structure(kind, parts, literals, nodes, tuple(families.split()), {})
            structure = found.setdefault(id_, empty)
            structure.uses[Head(layer, index)] = Use(source, json.loads(constants), iou)
        return sorted(found.values(), key=lambda structure: -len(structure.uses))

    def failures(self, head: Head) -> list[Candidate]:
        """Candidates of a head that were refused or failed."""
        return [candidate for candidate in self.candidates(head) if candidate.scores is None]


def _figures(scores: Scores | None) -> tuple[float | None, ...]:
    return (None,) * len(_FIGURES) if scores is None else astuple(scores)
