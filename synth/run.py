"""A run directory: what was asked, and where each part lies."""

import fcntl
import json
import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from importlib.metadata import version
from pathlib import Path

from sandbox.plain_text import valid
from surrogates.errors import InputError

DEMO_CORPUS = "demo"
"""Names the bundled stories where a corpus is asked for."""
DEMO_MODEL = "demo"
"""Names the bundled model where a model is asked for, so that a run does not depend on where headsynth is installed."""

_BOS = {"": None, "yes": True, "no": False}
_VERSIONED = ("headsynth", "torch", "transformers", "numpy")


@dataclass(frozen=True)
class Settings:
    """What decides a run's results, kept in ``run.toml``; an empty string stands for "not given"."""

    model: str
    corpus: str
    revision: str = ""
    dtype: str = "float32"
    bos: str = ""  # "yes" or "no" where the user overrode the model's habit
    max_tokens: int = 128
    max_terms: int = 8
    seed: int = 0

    @property
    def bos_choice(self) -> bool | None:
        return _BOS[self.bos]


@dataclass(frozen=True)
class RunDirectory:
    """Paths of a run."""

    path: Path

    @property
    def texts(self) -> Path:
        return self.path / "texts.jsonl"

    @property
    def attention(self) -> Path:
        return self.path / "attention"

    @property
    def tokens(self) -> Path:
        return self.path / "tokens.npz"

    @property
    def programs(self) -> Path:
        return self.path / "programs"

    @classmethod
    def claim(cls, path: Path, settings: Settings) -> "RunDirectory":
        """A run to go on with, or a place where one can start; nothing is written yet.

        Raises:
            InputError: the directory holds something else, or a run that was asked for otherwise, or what is asked for
                cannot be written down.
        """
        for name, value in asdict(settings).items():
            if isinstance(value, str) and valid(value) != value:
                raise InputError(f"{name} = {value!r} is no text in UTF-8; rename the file or folder")
        run = cls(path)
        if run._file.is_file():
            run._compare(settings)
        elif path.exists() and not path.is_dir():
            raise InputError(f"{path} is a file; choose another --output")
        elif path.is_dir() and set(path.iterdir()) - {run._unfinished, run._lock}:
            raise InputError(f"{path} is not empty and holds no run; choose another --output")
        return run

    @property
    def begun(self) -> bool:
        """Whether it is written what the run was asked for."""
        return self._file.is_file()

    def start(self, settings: Settings) -> None:
        """Write what was asked; only within :meth:`writing`, in a directory where no run had begun before.

        Raises:
            InputError: the directory cannot be written, or another process has begun a run there meanwhile.
        """
        if self.begun:
            raise InputError(
                f"another `headsynth synthesize` has begun {self.path} meanwhile; run again to go on from there"
            )
        with self._explained():
            self._unfinished.write_text(_to_toml(settings), encoding="utf-8")
            self._unfinished.replace(self._file)

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
                    f"another `headsynth synthesize` or `headsynth llm` is at work on {self.path}; "
                    "wait until it ends, then run this again"
                ) from error
            except OSError as error:
                raise InputError(
                    f"{self.path} lies where files cannot be locked ({error.strerror}); move it to another disk"
                ) from error
            yield
        finally:
            os.close(lock)

    @classmethod
    def open(cls, path: Path) -> "RunDirectory":
        """A run that exists.

        Raises:
            InputError: there is none, or run.toml is damaged.
        """
        run = cls(path)
        if not run._file.is_file():
            raise InputError(f"{path} is no run directory; run `headsynth synthesize MODEL --output {path}` first")
        run.settings()  # so that every command says so when they cannot be read
        return run

    def settings(self) -> Settings:
        """What the run was asked for.

        Raises:
            InputError: run.toml is damaged.
        """
        try:
            stored = tomllib.loads(self._file.read_text(encoding="utf-8"))["asked"]
            asked = {field.name: stored[field.name] for field in fields(Settings)}
            for field in fields(Settings):
                if type(asked[field.name]) is not field.type:
                    raise ValueError(f"{field.name} is a {type(asked[field.name]).__name__}")
            if asked["bos"] not in _BOS:
                raise ValueError(f"bos is {asked['bos']!r}")
            return Settings(**asked)
        except KeyError as error:
            raise InputError(f"{self._file} cannot be read (it lacks {error}); start a new run directory") from error
        # Bad UTF-8 and bad TOML are ValueErrors; what is nested too deeply ends in a RecursionError.
        except (OSError, TypeError, ValueError, RecursionError) as error:
            raise InputError(f"{self._file} cannot be read ({error}); start a new run directory") from error

    @property
    def _file(self) -> Path:
        return self.path / "run.toml"

    @property
    def _unfinished(self) -> Path:
        return self.path / "run.toml.unfinished"

    @property
    def _lock(self) -> Path:
        return self.path / "run.lock"

    def _check_writable(self) -> None:
        """Find out before the work whether its results can be written."""
        for path in (self.path, self.attention, self.programs, *self.path.glob("*.sqlite*")):
            if path.exists() and not os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
                raise InputError(
                    f"{path} can only be read; change its permissions, or copy {self.path} and go on with the copy"
                )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise InputError(
                f"cannot write {self.path}: {error.strerror}; free some space or choose another --output"
            ) from error

    def _compare(self, settings: Settings) -> None:
        stored = asdict(self.settings())
        for name, value in asdict(settings).items():
            if stored[name] != value:
                raise InputError(
                    f"{self.path} holds a run with {name} = {stored[name]!r}, not {value!r}; "
                    "ask for the same or choose another --output"
                )


def _to_toml(settings: Settings) -> str:
    # JSON and TOML write strings alike but for one character, if no character is split into halves.
    written = {name: json.dumps(value, ensure_ascii=False) for name, value in asdict(settings).items()}
    asked = [f"{name} = {value}".replace("\x7f", "\\u007f") for name, value in written.items()]
    versions = [f"{name} = {json.dumps(version(name))}" for name in _VERSIONED]
    return "\n".join(["[asked]", *asked, "", "[versions]", *versions, ""])
