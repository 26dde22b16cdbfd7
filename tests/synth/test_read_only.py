"""Runs in folders that can only be read: looked at as any other, and refused before work where they would change."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from synth import given
from synth.engine import Local
from synth.reporting import report
from synth.run import open_run
from tests.synth.nobody import nobody
from tests.synth.tiny_runs import call, copy_run, refusal, save_corpus, save_model

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def model(common: Path) -> str:
    folder = save_model("llama", common / "model")
    for path in Path(folder).iterdir():
        path.chmod(0o644)
    return folder


@pytest.fixture
def closed(finished: Path, llama: str, corpus: str, model: str, common: Path, capsys: Capture) -> Iterator[Path]:
    """A finished run whose files and folders nobody may write to, with its model and its corpus."""
    # What is imported late may lie where only root can read.
    generate = ("generate", finished, "--prompt", "a", "--max-new-tokens", "9")
    for warm in (("inspect", finished, "L0H0"), ("prompt", finished, "L0H0"), ("evaluate", finished), generate):
        assert call(capsys, *warm).code == 0
    run = copy_run(finished, common / "run")
    text = (run / "run.toml").read_text(encoding="utf-8")
    for old in (llama, corpus):
        assert old in text
    moved = text.replace(llama, model)
    (run / "run.toml").write_text(moved.replace(corpus, save_corpus(common / "stories.jsonl")), encoding="utf-8")
    paths = [run, *run.rglob("*")]
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield run
    for path in paths:
        path.chmod(0o755)


def contents(run: Path) -> dict[str, bytes]:
    return {str(path.relative_to(run)): path.read_bytes() for path in run.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "command",
    [("inspect",), ("inspect", "--json"), ("inspect", "L0H0"), ("inspect", "L0H0", "--json"), ("prompt", "L0H0")],
)
def test_whoever_reads_reads_it_all_the_same(
    command: tuple[str, ...], finished: Path, closed: Path, capsys: Capture
) -> None:
    name, *rest = command
    before = contents(closed)
    with nobody():
        outcome = call(capsys, name, closed, *rest)
    assert outcome.code == 0, outcome.err
    assert outcome.out.count("\n") == call(capsys, name, finished, *rest).out.count("\n")
    assert contents(closed) == before


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        ("evaluate", ("--fractions", "100"), "sweep"),
        ("generate", ("--prompt", "a", "--max-new-tokens", "9"), "patched"),
    ],
)
def test_its_model_runs(name: str, options: tuple[str, ...], told: str, closed: Path, capsys: Capture) -> None:
    before = contents(closed)
    with nobody():
        outcome = call(capsys, name, closed, *options, "--json", "--quiet")
    assert outcome.code == 0, outcome.err
    assert outcome.document[told]
    assert contents(closed) == before


def test_its_report_goes_elsewhere(closed: Path, common: Path, capsys: Capture) -> None:
    with open_run(closed) as run:
        before = report(run, engine=Local(1)).html  # what is imported late may lie where only root can read
    (common / "pages").mkdir()
    (common / "pages").chmod(0o777)
    with nobody():
        line = refusal(capsys, "report", closed, "--quiet")
        with open_run(closed) as run:
            report(run, engine=Local(1)).write(common / "pages" / "page.html")
    assert f"cannot write {closed}/report.html: Permission denied" in line
    assert "name another place with --output" in line
    assert (common / "pages" / "page.html").read_text(encoding="utf-8") == before


def test_whoever_writes_is_refused_before_any_work(
    closed: Path,
    model: str,
    again: Callable[..., tuple],
    common: Path,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = contents(closed)
    answers = common / "answers.jsonl"
    answers.write_text("")
    monkeypatch.setattr(given, "load_for", None)
    commands: list[tuple] = [
        again(closed, model=model, corpus=str(common / "stories.jsonl")),
        ("llm", "export", closed, common / "requests.jsonl", "--llm", "m"),
        ("llm", "import", closed, answers),
        ("calibrate", closed),
    ]
    for command in commands:
        with nobody():
            line = refusal(capsys, *command)
        assert f"{closed} can only be read; change its permissions, or copy {closed} and go on with the copy" in line
    assert contents(closed) == before


@pytest.mark.parametrize("name", ["attention", "programs", "library.sqlite"])
def test_one_part_that_cannot_be_written_is_named(
    name: str, closed: Path, model: str, again: Callable[..., tuple], common: Path, capsys: Capture
) -> None:
    for path in (closed, *closed.iterdir()):
        if path.name != name:
            path.chmod(0o777)
    with nobody():
        line = refusal(capsys, *again(closed, model=model, corpus=str(common / "stories.jsonl")))
    assert f"{closed / name} can only be read" in line


def test_a_copy_goes_on(closed: Path, model: str, again: Callable[..., tuple], common: Path, capsys: Capture) -> None:
    copy = copy_run(closed, common / "copy", measured=True)
    for path in (copy, *copy.rglob("*")):
        path.chmod(0o755)
    command = again(copy, model=model, corpus=str(common / "stories.jsonl"))
    assert call(capsys, *command).code == 0


def test_a_run_cannot_be_begun_where_nothing_can_be_made(
    model: str, again: Callable[..., tuple], common: Path, capsys: Capture
) -> None:
    corpus = save_corpus(common / "stories.jsonl")
    common.chmod(0o555)
    with nobody():
        outcome = call(capsys, *again(common / "run", model=model, corpus=corpus))
    assert outcome.code == 2
    assert outcome.err.splitlines()[-1].startswith(f"headsynth: cannot write {common / 'run'}: Permission denied; ")
    assert not (common / "run").exists()
