"""The tables of a library's file, as small numbered steps: a new file takes all, one of an earlier version the rest.

A step is never changed once a file may have taken it, and none drops what was paid for.
"""

import json
import sqlite3
from collections.abc import Callable, Mapping

from sandbox.plain_text import valid
from surrogates.language.program import Program, ProgramRefused

FIRST = 3
"""The earliest version that is read; those before it held nothing that is worth keeping."""


def _candidates(database: sqlite3.Connection) -> None:
    database.execute(
        """CREATE TABLE candidates (
            layer INTEGER NOT NULL, head INTEGER NOT NULL, stage TEXT NOT NULL, place INTEGER NOT NULL,
            origin TEXT NOT NULL, label TEXT NOT NULL, source TEXT NOT NULL, verdict TEXT NOT NULL,
            reason TEXT NOT NULL, model TEXT NOT NULL, round INTEGER NOT NULL, call TEXT NOT NULL,
            train_iou REAL, validation_iou REAL, validation_cross_entropy REAL,
            iou REAL, iou_low REAL, iou_high REAL, cross_entropy REAL, jsd REAL,
            PRIMARY KEY (layer, head, stage, place)
        ) STRICT"""
    )
    database.execute(
        """CREATE TABLE unusable (
            layer INTEGER NOT NULL, head INTEGER NOT NULL, stage TEXT NOT NULL, place INTEGER NOT NULL,
            kind TEXT NOT NULL, reason TEXT NOT NULL, round INTEGER NOT NULL, call TEXT NOT NULL,
            PRIMARY KEY (layer, head, stage, place)
        ) STRICT"""
    )
    database.execute(
        """CREATE TABLE finished (
            stage TEXT NOT NULL, layer INTEGER NOT NULL, head INTEGER NOT NULL, PRIMARY KEY (stage, layer, head)
        ) STRICT"""
    )


def _refused_anew(database: sqlite3.Connection) -> None:
    """Programs that the language no longer takes keep their place as such: shown, and never run."""
    rows = database.execute("SELECT rowid, source FROM candidates WHERE train_iou IS NOT NULL").fetchall()
    for row, source in rows:
        try:
            Program.parse(source)
        except ProgramRefused as error:
            database.execute(
                "UPDATE candidates SET verdict = 'refused', reason = ?, train_iou = NULL, validation_iou = NULL,"
                " validation_cross_entropy = NULL, iou = NULL, iou_low = NULL, iou_high = NULL, cross_entropy = NULL,"
                " jsd = NULL WHERE rowid = ?",
                (valid(str(error)), row),
            )


def _structures(database: sqlite3.Connection) -> None:
    """A structure is stored once, with its programs; candidates name theirs."""
    database.execute(
        """CREATE TABLE structures (
            id INTEGER PRIMARY KEY, form TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, terms INTEGER NOT NULL,
            families TEXT NOT NULL
        ) STRICT"""
    )
    database.execute(
        """CREATE TABLE programs (
            id INTEGER PRIMARY KEY, structure INTEGER REFERENCES structures (id), source TEXT NOT NULL UNIQUE,
            constants TEXT NOT NULL
        ) STRICT"""
    )
    rows = database.execute("SELECT DISTINCT source FROM candidates ORDER BY layer, head, stage, place").fetchall()
    for (source,) in rows:
        _keep(database, source, None, _terms)
    database.execute("ALTER TABLE candidates RENAME TO earlier")
    database.execute(
        """CREATE TABLE candidates (
            layer INTEGER NOT NULL, head INTEGER NOT NULL, stage TEXT NOT NULL, place INTEGER NOT NULL,
            origin TEXT NOT NULL, label TEXT NOT NULL, program INTEGER NOT NULL REFERENCES programs (id),
            verdict TEXT NOT NULL, reason TEXT NOT NULL, model TEXT NOT NULL, round INTEGER NOT NULL,
            call TEXT NOT NULL,
            train_iou REAL, validation_iou REAL, validation_cross_entropy REAL,
            iou REAL, iou_low REAL, iou_high REAL, cross_entropy REAL, jsd REAL,
            PRIMARY KEY (layer, head, stage, place)
        ) STRICT"""
    )
    database.execute(
        """INSERT INTO candidates SELECT
            layer, head, stage, place, origin, label, programs.id, verdict, reason, model, round, call,
            train_iou, validation_iou, validation_cross_entropy, iou, iou_low, iou_high, cross_entropy, jsd
        FROM earlier JOIN programs USING (source)"""
    )
    database.execute("DROP TABLE earlier")
    database.execute("CREATE INDEX candidates_by_program ON candidates (program)")


def _sizes_and_ceilings(database: sqlite3.Connection) -> None:
    """A structure has its sizes, read from one of its programs, and a head its ceiling."""
    database.execute("ALTER TABLE structures RENAME COLUMN terms TO parts")
    for name in ("literals", "nodes"):
        database.execute(f"ALTER TABLE structures ADD COLUMN {name} INTEGER NOT NULL DEFAULT 0")
    rows = database.execute("SELECT structure, source, min(id) FROM programs GROUP BY structure").fetchall()
    for structure, source, _ in rows:
        if structure is None:
            continue
        try:
            program = Program.parse(source)
        except ProgramRefused:  # as of one that was refused when it came, nothing is known of it
            database.execute("UPDATE programs SET structure = NULL WHERE structure = ?", (structure,))
            database.execute("DELETE FROM structures WHERE id = ?", (structure,))
            continue
        values = (program.parts, program.literals, program.nodes, structure)
        database.execute("UPDATE structures SET parts = ?, literals = ?, nodes = ? WHERE id = ?", values)
    database.execute(
        """CREATE TABLE ceilings (
            layer INTEGER NOT NULL, head INTEGER NOT NULL, validation_iou REAL NOT NULL, iou REAL NOT NULL,
            shares TEXT NOT NULL, model BLOB NOT NULL,
            PRIMARY KEY (layer, head)
        ) STRICT"""
    )


def _kinds_of_heads(database: sqlite3.Connection) -> None:
    """What tells the kind of a head: shares of groups of parts, and scores on random tokens that come twice."""
    database.execute("ALTER TABLE ceilings ADD COLUMN groups TEXT NOT NULL DEFAULT '{}'")
    database.execute(
        """CREATE TABLE head_scores (
            layer INTEGER NOT NULL, head INTEGER NOT NULL, induction REAL, duplicate_token REAL, previous_token REAL,
            current_token REAL, first_token REAL,
            PRIMARY KEY (layer, head)
        ) STRICT"""
    )


def _missing_mass(database: sqlite3.Connection) -> None:
    """What of a head's attention goes to no key."""
    database.execute("ALTER TABLE head_scores ADD COLUMN missing_mass REAL")


def _assignments(database: sqlite3.Connection) -> None:
    """Programs that stand in for heads together, under a name, beside those that stand in by themselves."""
    database.execute(
        """CREATE TABLE assignments (
            name TEXT NOT NULL, layer INTEGER NOT NULL, head INTEGER NOT NULL,
            program INTEGER NOT NULL REFERENCES programs (id),
            PRIMARY KEY (name, layer, head)
        ) STRICT"""
    )


MIGRATIONS: dict[int, Callable[[sqlite3.Connection], None]] = {
    FIRST: _candidates,
    4: _refused_anew,
    5: _structures,
    6: _sizes_and_ceilings,
    7: _kinds_of_heads,
    8: _missing_mass,
    9: _assignments,
}
"""By the version that a step leads to."""


def keep_program(database: sqlite3.Connection, source: str, program: Program | None = None) -> int:
    """Store a source with its structure, unless it is stored; a refused one has none.

    Args:
        program: the source parsed, where it is at hand.

    Returns:
        The program's id.
    """
    return _keep(database, source, program, _sizes)


def _sizes(program: Program) -> dict[str, int]:
    return {"parts": program.parts, "literals": program.literals, "nodes": program.nodes}


def _terms(program: Program) -> dict[str, int]:
    """What version 5 had in their place."""
    return {"terms": len(program.terms)}


def _keep(
    database: sqlite3.Connection, source: str, program: Program | None, sizes: Callable[[Program], dict[str, int]]
) -> int:
    known = database.execute("SELECT id FROM programs WHERE source = ?", (source,)).fetchone()
    if known is not None:
        return known[0]
    structure, constants = None, {}
    try:
        program = program or Program.parse(source)
    except ProgramRefused:
        pass
    else:
        structure, constants = _keep_structure(database, program, sizes(program)), program.constants
    values = (structure, source, json.dumps(constants))
    row = database.execute("INSERT INTO programs (structure, source, constants) VALUES (?, ?, ?)", values)
    assert row.lastrowid is not None
    return row.lastrowid


def _keep_structure(database: sqlite3.Connection, program: Program, sizes: Mapping[str, int]) -> int:
    columns = ", ".join(("form", "kind", "families", *sizes))
    values = (valid(program.structure), program.kind, " ".join(program.families), *sizes.values())
    database.execute(
        f"INSERT INTO structures ({columns}) VALUES ({', '.join('?' * len(values))}) ON CONFLICT (form) DO NOTHING",
        values,
    )
    return database.execute("SELECT id FROM structures WHERE form = ?", values[:1]).fetchone()[0]
