"""A SQLite file that survives a kill at any moment, its errors as lines that say what to do."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from surrogates.errors import InputError


class Database:
    """One connection to one file; what builds on it adds the tables.

    Args:
        path: the file; SQLite makes it when it is not there.

    Raises:
        InputError: the file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._explained():
            self._connection = sqlite3.connect(path, isolation_level=None)

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn SQLite's errors into lines that say what to do."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise InputError(
                f"cannot use {self.path}: {error}; free some space, end other runs on it, and run the command again"
            ) from error
        except sqlite3.DatabaseError as error:
            raise InputError(
                f"{self.path} is damaged: {error}; remove it and run `headsynth synthesize` again"
            ) from error

    def _rows(self, query: str, values: Sequence[object] = ()) -> list[tuple]:
        with self._explained():
            return self._connection.execute(query, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All that is executed within, or nothing."""
        with self._explained():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except sqlite3.Error:
                # A full disk makes SQLite roll back by itself.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
