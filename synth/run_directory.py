"""A run directory: where each part lies, and who may write to it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from surrogates.errors import InputError
from surrogates.library.library import FILE_NAME
from synth.regular_files import mend_writing
from synth.settings import Settings


class RunDirectory:
    """Paths of a run, and its beginning.

    Args:
        path: the directory, which may not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()  # as any working directory and workers elsewhere find it

    @property
    def texts_file(self) -> Path:
        return self.path / "texts.jsonl"

    @property
    def library_file(self) -> Path:
        return self.path / FILE_NAME

    @property
    def attention(self) -> Path:
        return self.path / "attention"

    @property
    def tokens_file(self) -> Path:
        return self.path / "tokens.npz"

    @property
    def programs(self) -> Path:
        return self.path / "programs"

    @property
    def assignments_folder(self) -> Path:
        return self.path / "assignments"

    @property
    def settings_file(self) -> Path:
        return self.path / "run.toml"

    @classmethod
    def claim(cls, path: Path, settings: Settings) -> Self:
        """A run to go on with, or a place where one can start; nothing is written yet.

        Raises:
            InputError: the directory holds something else, or a run that was asked for otherwise, or what is asked for
                cannot be written down.
        """
        settings.check()
        run = cls(path)
        if run.begun:
            Settings.read(run.settings_file).compare(settings, path)
        elif path.exists() and not path.is_dir():
            raise InputError(f"{path} is a file; choose another --output")
        elif path.is_dir() and set(path.iterdir()) - {run._unfinished, run._lock}:
            raise InputError(f"{path} is not empty and holds no run; choose another --output")
        return run

    @property
    def begun(self) -> bool:
        """Whether it is written what the run was asked for."""
        return self.settings_file.is_file()

    def start(self, settings: Settings, start: str) -> None:
        """Write what was asked, and how texts start.

        Only within :meth:`writing`, in a directory where no run had begun before.

        Raises:
            InputError: the directory cannot be written, or another process has begun a run there meanwhile.
        """
        if self.begun:
            raise InputError(
                f"another `headsynth synthesize` has begun {self.path} meanwhile; run again to go on from there"
            )
        with self._explained():
            self._unfinished.write_text(settings.to_toml(start), encoding="utf-8")
            self._unfinished.replace(self.settings_file)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keep others from writing meanwhile; the directory is made where there is none.

        The lock is the operating system's: a process that ends lets go of it, however it ends, and the file that
        stays behind hinders nobody. Whoever only reads takes none.

        Raises:
            InputError: another process is writing, or the directory cannot be written.
        """
        self._check_writable()
        with self._explained():
            self.path.mkdir(parents=True, exist_ok=True)
            lock = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o666)  # not inherited by programs that are started
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise InputError(
                    f"another `headsynth synthesize`, `llm` or `calibrate` is at work on {self.path}; "
                    "wait until it ends, then run this again"
                ) from error
            except OSError as error:
                raise InputError(
                    f"{self.path} lies where files cannot be locked ({error.strerror}); move it to another disk"
                ) from error
            yield
        finally:
            os.close(lock)

    @property
    def _unfinished(self) -> Path:
        return self.path / "run.toml.unfinished"

    @property
    def _lock(self) -> Path:
        return self.path / "run.lock"

    def _check_writable(self) -> None:
        """Find out before the work whether its results can be written."""
        for path in (self.path, self.attention, self.programs, self.assignments_folder, *self.path.glob("*.sqlite*")):
            if path.exists() and not os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
                raise InputError(
                    f"{path} can only be read; change its permissions, or copy {self.path} and go on with the copy"
                )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            where = error.filename or self.path
            raise InputError(
                f"cannot write {where}: {error.strerror}; {mend_writing(error)} or choose another --output"
            ) from error
