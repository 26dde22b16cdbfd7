"""Runs shared by the tests of the pipeline and of the command line, which copy them before they change anything."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from synth.cli import main
from tests.synth.tiny_runs import HEADS, MANY, SMALL, copy_run, save_corpus, save_model


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save_model("llama", tmp_path_factory.mktemp("llama"))


@pytest.fixture(scope="session")
def bert(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save_model("bert", tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save_corpus(tmp_path_factory.mktemp("corpus") / "stories.jsonl")


@pytest.fixture(scope="session")
def deep(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A tiny Llama of as many layers as ``MANY`` has."""
    return save_model("llama", tmp_path_factory.mktemp("deep"), layers=3)


def _finished(model: str, corpus: str, run: Path, heads: str = HEADS) -> Path:
    with pytest.raises(SystemExit) as stop:
        main(["synthesize", model, "--corpus", corpus, "--output", str(run), "--heads", heads, "--jobs", "1", *SMALL])
    assert not stop.value.code
    return run


@pytest.fixture(scope="session")
def finished(llama: str, corpus: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An undisturbed run on three heads of a tiny Llama."""
    return _finished(llama, corpus, tmp_path_factory.mktemp("finished") / "run")


@pytest.fixture(scope="session")
def finished_encoder(bert: str, corpus: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same on a tiny BERT."""
    return _finished(bert, corpus, tmp_path_factory.mktemp("finished") / "encoder")


@pytest.fixture(scope="session")
def finished_deep(deep: str, corpus: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same on many heads."""
    return _finished(deep, corpus, tmp_path_factory.mktemp("finished") / "deep", MANY)


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A finished run that may be damaged."""
    return copy_run(finished, tmp_path / "run")


@pytest.fixture
def common() -> Iterator[Path]:
    """A folder that every user can go into, as those of ``tmp_path`` are not."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def again(llama: str, corpus: str) -> Callable[..., tuple[object, ...]]:
    """The command that made ``finished``, in another directory and with changes."""

    def command(
        run: Path, *more: object, model: str = llama, corpus: str = corpus, heads: str = HEADS
    ) -> tuple[object, ...]:
        given = ("--corpus", corpus, "--output", run, "--heads", heads, "--jobs", "1", *SMALL)
        return ("synthesize", model, *given, *more)

    return command
