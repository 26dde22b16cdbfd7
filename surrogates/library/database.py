"""A SQLite file that survives a kill at any moment, its errors as lines that say what to do."""

import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sandbox.plain_text import valid
from surrogates.errors import InputError

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


class Database:
    """One connection to one file; what its tables are is for others to say.

    Text goes in and comes out valid, whoever wrote it. A file that cannot be written to is read all the same.

    Args:
        path: the file; SQLite makes it when it is not there.

    Raises:
        InputError: the file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._copied: TemporaryDirectory[str] | None = None
        # Its log would have to be written to beside a file that can only be read.
        self._only_read = path.is_file() and not (writable(path) and writable(path.parent))
        with self._explained():
            self._connection = _connected(self._copy() if self._only_read else path)

    def close(self) -> None:
        self._connection.close()
        if self._copied is not None:
            self._copied.cleanup()

    def _copy(self) -> Path:
        """The file in a temporary folder, to be read there."""
        self._copied = TemporaryDirectory()
        try:
            copy = Path(shutil.copyfile(self.path, Path(self._copied.name) / self.path.name))
            log = self.path.with_name(self.path.name + "-wal")
            if log.is_file():
                shutil.copyfile(log, copy.with_name(log.name))
        except OSError as error:
            self._copied.cleanup()
            raise InputError(
                f"cannot copy {self.path}, which can only be read, to a temporary folder: {error.strerror}; "
                "free some space there, or change the permissions"
            ) from error
        return copy

    def _read_copy(self) -> None:
        """Go on with a copy in memory: what is changed there reaches no process that works on the file."""
        with self._explained():
            copy = _connected(":memory:")
            self._connection.backup(copy)
        self._connection.close()
        self._connection = copy
        self._only_read = True

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn SQLite's errors into lines that say what to do."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise InputError(f"cannot use {self.path}: {error}; {_remedy(error)}") from error
        except sqlite3.DatabaseError as error:
            if _code(error) not in _DAMAGED:
                raise
            raise InputError(
                f"{self.path} is damaged: {error}; keep it, since it may hold answers that were paid for, and put "
                "a copy of it back or name a new run directory"
            ) from error

    def _rows(self, query: str, values: Sequence[object] = ()) -> list[tuple]:
        with self._explained():
            return self._connection.execute(query, values).fetchall()

    def _execute(self, statement: str, values: Iterable[object] = ()) -> int:
        """Change something within a transaction; how many rows."""
        given = tuple(valid(value) if isinstance(value, str) else value for value in values)
        return self._connection.execute(statement, given).rowcount

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All that is executed within, or nothing.

        Raises:
            InputError: the file can only be read, or SQLite cannot write to it.
        """
        if self._only_read:
            raise InputError(f"{self.path} can only be read; change its folder's permissions, or copy the folder")
        with self._whole():
            yield

    @contextmanager
    def _whole(self) -> Iterator[None]:
        with self._explained():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                # A full disk makes SQLite roll back by itself.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise


def _connected(file: Path | str) -> sqlite3.Connection:
    # Where SQLite itself lets threads take turns, any may use the connection.
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=sqlite3.threadsafety < 3)
    connection.text_factory = lambda stored: stored.decode("utf-8", "replace")
    return connection


def writable(path: Path) -> bool:
    """Whether this process may write to a file or a folder."""
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _code(error: sqlite3.Error) -> int:
    """What went wrong, without what extends the code; 0 where Python itself objects."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _remedy(error: sqlite3.OperationalError) -> str:
    code = _code(error)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return "another command is writing to it: wait until that ends, then run this one again"
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return "free some space and run the command again"
    return "check the permissions of its folder, then run the command again"
