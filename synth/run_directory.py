"""A run directory: what was asked, and where each part lies."""

import json
import tomllib
from dataclasses import asdict, dataclass, fields
from importlib.metadata import version
from pathlib import Path

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
            InputError: the directory holds something else, or a run that was asked for otherwise.
        """
        run = cls(path)
        if run._file.is_file():
            run._compare(settings)
        elif path.exists() and not path.is_dir():
            raise InputError(f"{path} is a file; choose another --output")
        elif path.is_dir() and set(path.iterdir()) - {run._unfinished}:
            raise InputError(f"{path} is not empty and holds no run; choose another --output")
        return run

    def start(self, settings: Settings) -> None:
        """Write what was asked, where it is not written yet.

        Raises:
            InputError: the directory cannot be written.
        """
        if self._file.is_file():
            return
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._unfinished.write_text(_to_toml(settings), encoding="utf-8")
            self._unfinished.replace(self._file)
        except OSError as error:
            raise InputError(
                f"cannot write {self.path}: {error.strerror}; free some space or choose another --output"
            ) from error

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
            settings = Settings(**{field.name: field.type(stored[field.name]) for field in fields(Settings)})  # type: ignore[operator]
            if settings.bos not in _BOS:
                raise ValueError(f"bos is {settings.bos!r}")
        except KeyError as error:
            raise InputError(f"{self._file} cannot be read (it lacks {error}); start a new run directory") from error
        except (OSError, TypeError, ValueError) as error:  # bad UTF-8 and bad TOML are ValueErrors
            raise InputError(f"{self._file} cannot be read ({error}); start a new run directory") from error
        return settings

    @property
    def _file(self) -> Path:
        return self.path / "run.toml"

    @property
    def _unfinished(self) -> Path:
        return self.path / "run.toml.unfinished"

    def _compare(self, settings: Settings) -> None:
        stored = asdict(self.settings())
        for name, value in asdict(settings).items():
            if stored[name] != value:
                raise InputError(
                    f"{self.path} holds a run with {name} = {stored[name]!r}, not {value!r}; "
                    "ask for the same or choose another --output"
                )


def _to_toml(settings: Settings) -> str:
    asked = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in asdict(settings).items()]
    versions = [f"{name} = {json.dumps(version(name))}" for name in _VERSIONED]
    return "\n".join(["[asked]", *asked, "", "[versions]", *versions, ""])
