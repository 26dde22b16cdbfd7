"""What was asked of a run, and how it is written down."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sandbox.plain_text import valid
from surrogates.errors import InputError
from surrogates.language.tokens import READING, read_otherwise
from synth.toml import read_toml

DEMO_CORPUS = "demo"
"""Names the bundled stories where a corpus is asked for."""
DEMO_MODEL = "demo"
"""Names the bundled model where a model is asked for, so that a run does not depend on where headsynth is installed."""
IN_MEMORY = "in memory: "
"""Begins the name of a model or of texts that were given as values."""

_RANGES = {"max_tokens": (4, 2**31), "max_terms": (1, 32), "library_size": (0, 2**31), "seed": (0, 2**63)}
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
    max_terms: int = 12
    library_size: int = 0  # structures to share; a quarter of the heads where none are named
    seed: int = 0

    @property
    def bos_choice(self) -> bool | None:
        return _BOS[self.bos]

    def check(self) -> None:
        """Refuse what cannot be written down or asked for.

        Raises:
            InputError: a setting is of another type or out of range, or a text is none in UTF-8.
        """
        for field in fields(self):
            name, value = field.name, getattr(self, field.name)
            wanted = "text" if field.type is str else "whole number"
            if type(value) is not field.type:
                raise InputError(f"{name} = {value!r} is of type {type(value).__name__}; give a {wanted}")
            if isinstance(value, str) and valid(value) != value:
                raise InputError(f"{name} = {value!r} is no text in UTF-8; rename the file or folder")
            least, most = _RANGES.get(name, (value, value))
            if not least <= value <= most:
                raise InputError(f"{name} = {value} is out of range; give {least:,} to {most:,}")
        if self.bos not in _BOS:
            raise InputError(f"bos is {self.bos!r}; give True, False or None")

    def to_toml(self, start: str) -> str:
        """As a file, with the versions of what the results depend on.

        Args:
            start: how texts start and why, which the model decides where nothing is asked.
        """
        # JSON and TOML write strings alike but for one character, if no character is split into halves.
        written = {name: json.dumps(value, ensure_ascii=False) for name, value in asdict(self).items()}
        asked = [f"{name} = {value}".replace("\x7f", "\\u007f") for name, value in written.items()]
        versions = [f"{name} = {json.dumps(version(name))}" for name in _VERSIONED] + [f"tokens = {READING}"]
        decided = [f"start = {json.dumps(start, ensure_ascii=False)}".replace("\x7f", "\\u007f")]
        return "\n".join(["[asked]", *asked, "", "[decided]", *decided, "", "[versions]", *versions, ""])

    @classmethod
    def read(cls, path: Path) -> "Settings":
        """What :meth:`to_toml` wrote.

        Raises:
            InputError: the file is missing or damaged, or of a version that read tokens in another way.
        """
        with _readable(path) as written:
            stored = written["asked"]
            asked = {field.name: stored[field.name] for field in fields(cls)}
            for field in fields(cls):
                if type(asked[field.name]) is not field.type:
                    raise ValueError(f"{field.name} is a {type(asked[field.name]).__name__}")
            if asked["bos"] not in _BOS:
                raise ValueError(f"bos is {asked['bos']!r}")
        return cls(**asked)

    def compare(self, asked: "Settings", path: Path) -> None:
        """Refuse to go on with a run that was asked for otherwise.

        Raises:
            InputError: a setting differs from what is asked now.
        """
        for name, value in asdict(asked).items():
            stored = getattr(self, name)
            if stored != value:
                raise InputError(
                    f"{path} holds a run with {name} = {stored!r}, not {value!r}; "
                    "ask for the same or choose another --output"
                )


def read_start(path: Path) -> str:
    """How a run's texts start and why, as :meth:`Settings.to_toml` wrote it.

    Raises:
        InputError: see :meth:`Settings.read`.
    """
    with _readable(path) as written:
        start = written["decided"]["start"]
        if type(start) is not str:
            raise TypeError(f"start is a {type(start).__name__}")
    return start


@contextmanager
def _readable(path: Path) -> Iterator[dict[str, Any]]:
    """The contents of a run's file; what is found wrong with it meanwhile is put in one line."""
    try:
        written = read_toml(path.read_text(encoding="utf-8"))
        if dict(written["versions"]).get("tokens") != READING:
            raise read_otherwise(path.parent)
        yield written
    except InputError:
        raise
    except KeyError as error:
        raise InputError(f"{path} cannot be read (it lacks {error}); start a new run directory") from error
    except (OSError, TypeError, ValueError) as error:  # the last of bad UTF-8 and bad TOML
        raise InputError(f"{path} cannot be read ({error}); start a new run directory") from error
