"""Runs ``headsynth`` again and again, each time killed at another of its effects on the disk, until nothing is left.

    python -m tests.synth.killed UNDISTURBED KILLED ARGUMENTS…

The arguments are those of ``synthesize`` but for the folder: one run goes undisturbed into the first, the killed ones
into the second. An effect is something that another process can see there: a file opened for writing, a folder made, a
thing renamed or removed, of all of which Python tells its audit hooks, and a transaction of SQLite's. A process is
killed right before an effect; between two of them nothing changes on the disk, so that is as good as right after the
one before. A file about to be written over is left empty, as it is until the first of what is written reaches the disk.

Each process goes on where the one before was killed. When one ends by itself, the same is done once more, over what the
finished run left. The report on standard output is a JSON object: ``killed``, the effects before which a process was
killed, and ``done``, all that came to pass, each in the order of time.
"""

import hashlib
import json
import os
import signal
import sqlite3
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import torch

import synth.commands.inspect
import synth.pipeline  # noqa: F401 - loaded once and not by every process, since that takes longer than the work
from synth.cli import main

_WRITING = os.O_WRONLY | os.O_RDWR


class Effects:
    """Watches this process from now on, and kills it before the first effect that is not in ``survived``.

    Args:
        run: the folder in which effects count.
        survived: effects before which an earlier process was killed.
        told: descriptor to which effects are written as lines, the one that is not reached after a ``!``.
    """

    def __init__(self, run: Path, survived: set[str], told: int) -> None:
        self._run, self._survived, self._told = run, survived, told
        self._dying = False
        sys.addaudithook(self._hear)
        effects = self

        class Connection(sqlite3.Connection):
            """Tells of each transaction by what it writes."""

            written: list[tuple[str, object]]

            def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
                if statement.startswith("BEGIN"):
                    self.written = []
                elif statement != "COMMIT":
                    if self.in_transaction:
                        self.written.append((statement, values))
                elif self.written:
                    rows = sum(written.startswith("INSERT") for written, _ in self.written)
                    digest = hashlib.sha256(repr(self.written).encode()).hexdigest()[:8]
                    effects.before(f"commit {rows} rows {digest}")
                return super().execute(statement, *values)

        sqlite3.connect = partial(sqlite3.connect, factory=Connection)  # type: ignore[assignment]

    def _hear(self, event: str, arguments: tuple) -> None:
        match event, arguments:
            case ["open", [str() | bytes() as path, _, int() as flags]] if flags & _WRITING:
                self._at("open", path, -1, empties=bool(flags & os.O_TRUNC))
            case ["os.rename", [_, path, _, folder]]:
                self._at("rename to", path, folder)
            case ["os.mkdir", [path, _, folder]] | [("os.remove" | "os.rmdir"), [path, folder]]:
                self._at(event.removeprefix("os."), path, folder)

    def _at(self, what: str, path: Any, folder: int, *, empties: bool = False) -> None:
        where = Path(os.fsdecode(path))
        if folder >= 0:
            where = Path(f"/proc/self/fd/{folder}").readlink() / where
        if not where.is_relative_to(self._run):
            return
        inside = where.relative_to(self._run)
        # One file stands for all that are written, or removed, in a folder; what is renamed is whole from then on.
        name = inside if what == "rename to" else "".join(inside.parts[:1])
        self.before(f"{what} {name}", empties=where if empties else None)

    def before(self, effect: str, *, empties: Path | None = None) -> None:
        """Go on, or die here; ``empties`` is the file that the effect begins to write over."""
        if self._dying:
            return
        self._dying = effect not in self._survived
        os.write(self._told, f"{'!' * self._dying}{effect}\n".encode())
        if self._dying:
            if empties:
                empties.write_bytes(b"")
            os.kill(os.getpid(), signal.SIGKILL)


def _go(run: Path, arguments: list[str], killed: list[str], done: list[str]) -> None:
    """Run until a process ends by itself."""
    while True:
        reading, told = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            Effects(run, set(killed), told)
            main(arguments)
        os.close(told)
        with open(reading) as pipe:  # noqa: PTH123 - a descriptor
            effects = pipe.read().splitlines()
        status = os.waitpid(child, 0)[1]
        done += [effect for effect in effects if not effect.startswith("!")]
        if not effects or not effects[-1].startswith("!"):
            if status:
                sys.exit(f"ended with {os.waitstatus_to_exitcode(status)}, the last time killed at {killed[-1]}")
            return
        killed.append(effects[-1].removeprefix("!"))


if __name__ == "__main__":
    undisturbed, run, *arguments = sys.argv[1:]
    torch.set_num_threads(1)
    report = os.dup(1)
    os.dup2(2, 1)  # what the runs print is in nobody's way there
    # In this process, so that what is loaded on the first use is loaded for all.
    with suppress(SystemExit):
        main([*arguments, "--output", undisturbed])
    killed: list[str] = []
    done: list[str] = []
    for _ in range(2):
        _go(Path(run), [*arguments, "--output", run], killed, done)
    os.write(report, json.dumps({"killed": killed, "done": done}).encode())
