"""A run directory: what was asked, and where each part lies."""

import json
import tomllib
from dataclasses import asdict, dataclass, fields
from importlib.metadata import version
from pathlib import Path

from surrogates.errors import InputError

DEMO_CORPUS = "demo"
"""Names the bundled stories where a corpus is asked for."""

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
        return {"": None, "yes": True, "no": False}[self.bos]


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
    def create(cls, path: Path, settings: Settings) -> "RunDirectory":
        """Start a run, or go on with the one that is there.

        Raises:
            InputError: the directory holds something else, or a run that was asked for otherwise, or cannot be written.
        """
        run = cls(path)
        if run._file.is_file():
            run._compare(settings)
            return run
        try:
            if path.is_dir() and any(path.iterdir()):
                raise InputError(f"{path} is not empty and holds no run; choose another --output")
            path.mkdir(parents=True, exist_ok=True)
            unfinished = path / "run.toml.unfinished"
            unfinished.write_text(_to_toml(settings), encoding="utf-8")
            unfinished.replace(run._file)
        except OSError as error:
            raise InputError(f"cannot write {path}: {error.strerror}; choose another --output") from error
        return run

    @classmethod
    def open(cls, path: Path) -> "RunDirectory":
        """A run that exists.

        Raises:
            InputError: there is none.
        """
        run = cls(path)
        if not run._file.is_file():
            raise InputError(f"{path} is no run directory; run `headsynth synthesize MODEL --output {path}` first")
        return run

    def settings(self) -> Settings:
        """What the run was asked for.

        Raises:
            InputError: run.toml is damaged.
        """
        try:
            stored = tomllib.loads(self._file.read_text(encoding="utf-8"))["asked"]
            return Settings(**{field.name: field.type(stored[field.name]) for field in fields(Settings)})  # type: ignore[operator]
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
            raise InputError(f"{self._file} cannot be read ({error}); start a new run directory") from error

    @property
    def _file(self) -> Path:
        return self.path / "run.toml"

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
