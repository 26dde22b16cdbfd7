"""Run directories that are damaged, foreign, unfinished or on a full disk: one clear line, and nothing lost."""

import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from surrogates.library import Library
from tests.synth.tiny_runs import call, copy_run, refusal, rows, save_corpus

Capture = pytest.CaptureFixture[str]


# What is wrong with the run directory.


def foreign_folder(run: Path) -> None:
    run.mkdir()
    (run / "thesis.txt").write_text("two years of work")


def foreign_database(run: Path) -> None:
    (run / "library.sqlite").unlink()
    connection = sqlite3.connect(run / "library.sqlite")
    connection.execute("CREATE TABLE songs (title TEXT)")
    connection.commit()
    connection.close()


def truncated_database(run: Path) -> None:
    content = (run / "library.sqlite").read_bytes()
    (run / "library.sqlite").write_bytes(content[: len(content) // 2])


def no_database(run: Path) -> None:
    (run / "library.sqlite").write_bytes(b"not a database at all, but some other file" * 100)


def replace_in_settings(old: str, new: str) -> Callable[[Path], None]:
    def damage(run: Path) -> None:
        text = (run / "run.toml").read_text()
        assert old in text
        (run / "run.toml").write_text(text.replace(old, new))

    return damage


def test_a_folder_of_other_files_is_left_alone(again: Callable[..., tuple], tmp_path: Path, capsys: Capture) -> None:
    run = tmp_path / "thesis"
    foreign_folder(run)
    assert "is not empty and holds no run; choose another --output" in refusal(capsys, *again(run))
    assert [path.name for path in run.iterdir()] == ["thesis.txt"]
    assert "is a file" in refusal(capsys, *again(run / "thesis.txt"))
    assert "thesis is no run directory" in refusal(capsys, "inspect", run)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (foreign_database, "is not a library of this version; start a new run directory"),
        (
            truncated_database,
            "is damaged: database disk image is malformed; keep it, since it may hold answers that were paid for",
        ),
        (no_database, "is damaged: file is not a database"),
        (replace_in_settings("[asked]", "[asked"), "run.toml cannot be read"),
        (replace_in_settings("[asked]", "[was]"), "run.toml cannot be read (it lacks 'asked')"),
        (replace_in_settings("seed = 0", ""), "run.toml cannot be read (it lacks 'seed')"),
        (replace_in_settings("seed = 0", 'seed = "x"'), "run.toml cannot be read"),
        (replace_in_settings('bos = ""', 'bos = "perhaps"'), "run.toml cannot be read (bos is 'perhaps')"),
    ],
)
def test_a_damaged_run_is_refused_by_every_command(
    damage: Callable[[Path], None], message: str, run: Path, again: Callable[..., tuple], capsys: Capture
) -> None:
    damage(run)
    commands: list[tuple] = [("inspect", run), ("inspect", run, "L0H0"), ("evaluate", run), ("inspect", run, "--json")]
    for command in commands:
        assert message in refusal(capsys, *command)
    outcome = call(capsys, *again(run))
    assert outcome.code == 2
    assert message in outcome.err.splitlines()[-1]  # attention patterns are looked through first
    assert "Traceback" not in outcome.err


def test_a_damaged_library_can_be_removed_and_made_again(
    run: Path, finished: Path, again: Callable[..., tuple], capsys: Capture
) -> None:
    truncated_database(run)
    call(capsys, *again(run))
    (run / "library.sqlite").unlink()
    assert call(capsys, *again(run)).code == 0
    assert rows(run) == rows(finished)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--max-terms", "3"), "holds a run with max_terms = 2, not 3; ask for the same or choose another --output"),
        (("--seed", "1"), "seed = 0, not 1"),
        (("--corpus", "other.txt"), "holds a run with corpus = "),
    ],
)
def test_other_settings_are_refused(
    options: tuple[str, ...], message: str, run: Path, again: Callable[..., tuple], capsys: Capture
) -> None:
    before = rows(run)
    assert message in refusal(capsys, *again(run, *options))
    assert rows(run) == before
    assert call(capsys, *again(run)).code == 0


def test_damaged_texts_are_refused(run: Path, again: Callable[..., tuple], capsys: Capture) -> None:
    lines = (run / "texts.jsonl").read_text().splitlines()
    (run / "texts.jsonl").write_text("\n".join([*lines[:3], '{"text": "x"}', *lines[4:]]))
    assert "texts.jsonl, line 4" in refusal(capsys, *again(run))
    assert "texts.jsonl, line 4" in refusal(capsys, "evaluate", run)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 half a file", None])
def test_lost_token_facts_are_made_again(
    content: bytes | None, run: Path, again: Callable[..., tuple], capsys: Capture
) -> None:
    if content is None:
        (run / "tokens.npz").unlink()
    else:
        (run / "tokens.npz").write_bytes(content)
    outcome = call(capsys, "inspect", run, "L0H0")
    assert outcome.code == 2
    assert "tokens.npz cannot be read" in outcome.err
    assert len(outcome.err.splitlines()) == 1
    assert call(capsys, *again(run)).code == 0
    assert call(capsys, "inspect", run, "L0H0").code == 0


def test_lost_patterns_are_extracted_again(
    run: Path, finished: Path, again: Callable[..., tuple], capsys: Capture
) -> None:
    shards = sorted((run / "attention").iterdir())
    shards[0].write_bytes(shards[0].read_bytes()[:1000])
    assert "is damaged" in call(capsys, "inspect", run, "L0H0").err
    assert call(capsys, *again(run)).code == 0
    assert rows(run) == rows(finished)
    assert call(capsys, "inspect", run, "L0H0").code == 0


@pytest.mark.parametrize("library", [True, False])
def test_a_run_without_results_says_so(
    library: bool, run: Path, finished: Path, again: Callable[..., tuple], capsys: Capture
) -> None:
    (run / "library.sqlite").unlink()
    message = "holds no library; run `headsynth synthesize MODEL --output"
    if library:
        Library(run, create=True).close()
        message = "has no scored program yet; run `headsynth synthesize` again to finish it"
    assert message in refusal(capsys, "inspect", run)
    assert message in refusal(capsys, "evaluate", run)
    assert ("heads in it: none" if library else message) in refusal(capsys, "inspect", run, "L0H0")
    assert call(capsys, *again(run)).code == 0
    assert rows(run) == rows(finished)


def test_heads_that_a_run_lacks_are_named(finished: Path, capsys: Capture) -> None:
    assert "has no programs for L1H0; heads in it: L0H0 to L1H2" in refusal(capsys, "inspect", finished, "L1H0")
    assert "'L1' is not a head; write it as L3H7" in refusal(capsys, "inspect", finished, "L1")


def test_an_encoder_has_no_perplexity(finished_encoder: Path, capsys: Capture) -> None:
    line = refusal(capsys, "evaluate", finished_encoder)
    assert "is an encoder, which has no perplexity; evaluate a causal language model" in line
    assert call(capsys, "inspect", finished_encoder, "L0H0").code == 0


def test_a_run_whose_model_is_gone_says_so(run: Path, llama: str, capsys: Capture) -> None:
    replace_in_settings(llama, llama + "-moved")(run)
    assert f"there is no model folder {llama}-moved" in refusal(capsys, "evaluate", run)
    assert call(capsys, "inspect", run, "L0H0").code == 0


# A full disk, simulated by the largest file that a process may write.


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize(("size", "what"), [(2_000, "texts.jsonl"), (50_000, "attention"), (14_000, "library.sqlite")])
def test_a_full_disk_stops_the_run_and_it_goes_on_later(
    size: int, what: str, finished: Path, again: Callable[..., tuple], tmp_path: Path, capsys: Capture
) -> None:
    run = tmp_path / "run"
    if what == "library.sqlite":  # smaller than the patterns, which are there already
        (copy_run(finished, run) / what).unlink()
    with largest_file(size):
        outcome = call(capsys, *again(run))
    assert outcome.code == 2, outcome
    last = outcome.err.splitlines()[-1]
    assert "Traceback" not in outcome.err
    assert last.startswith("headsynth: cannot ")
    assert what in last
    assert "free some space" in last
    assert call(capsys, *again(run)).code == 0
    assert rows(run) == rows(finished)


def test_a_run_does_not_need_its_corpus_again(again: Callable[..., tuple], tmp_path: Path, capsys: Capture) -> None:
    corpus = save_corpus(tmp_path / "gone.jsonl")
    run = tmp_path / "run"
    command = again(run, "--heads", "L0H0", "--max-terms", "1", corpus=corpus)
    assert call(capsys, *command).code == 0
    Path(corpus).unlink()
    assert call(capsys, *command).code == 0
    (run / "texts.jsonl").unlink()
    assert "cannot read" in refusal(capsys, *command)
