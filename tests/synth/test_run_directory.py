"""Run directories that are damaged, foreign, unfinished or on a full disk: one clear line, and nothing lost."""

import io
import json
import os
import resource
import shutil
import sqlite3
import struct
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from surrogates.errors import InputError
from surrogates.library.library import Library
from synth.llm.store import Exchanges
from synth.run import open_run
from synth.run_directory import RunDirectory
from synth.settings import Settings
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
        (foreign_database, "is no library that can be read; start a new run directory"),
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
        (replace_in_settings("seed = 0", "seed = " + "[" * 100_000), "run.toml cannot be read"),
        (replace_in_settings("seed = 0", "seed = " + "9" * 5000), "run.toml cannot be read"),
        (replace_in_settings("seed = 0", "seed = inf"), "run.toml cannot be read (seed is a float)"),
        (replace_in_settings("seed = 0", "seed = true"), "run.toml cannot be read (seed is a bool)"),
        (replace_in_settings('dtype = "float32"', "dtype = 32"), "run.toml cannot be read (dtype is a int)"),
        (replace_in_settings("[asked]", "asked = 1\n[was]"), "run.toml cannot be read"),
        (replace_in_settings("seed = 0", "seed = 0\0"), "run.toml cannot be read"),
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
        (("--library-size", "2"), "library_size = 0, not 2"),
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


def npz(**changes: Any) -> Callable[[Path], bytes]:
    """The file with arrays replaced, and with facts replaced where they are no arrays."""

    def content(run: Path) -> bytes:
        with np.load(run / "tokens.npz") as stored:
            arrays = dict(stored)
        facts = json.loads(bytes(arrays["facts"]))
        for name, value in changes.items():
            if isinstance(value, np.ndarray):
                arrays[name] = value
            elif isinstance(value, bytes):
                arrays["facts"] = np.frombuffer(value, dtype=np.uint8)
            else:
                facts[name] = value
                arrays["facts"] = np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8)
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)
        return buffer.getvalue()

    return content


def absurd(_run: Path) -> bytes:
    """An archive whose array claims to have more cells than there is memory."""
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (%d, 1000), }" % 10**15
    array = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("facts.npy", array)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        npz(facts=b"[" * 100_000),
        npz(facts=b"9" * 5000),
        npz(facts=b"[]"),
        npz(facts=np.array([{}], dtype=object)),
        npz(embeddings=np.zeros((3, 2), dtype=np.float32)),
        npz(column_length=np.zeros(3, dtype=np.float32)),
        npz(column_is_comma=np.array(["x"])),
        npz(column_is_odd=np.zeros(3, dtype=np.float32)),
        npz(texts=[1, 2]),
        npz(causal="yes"),
        npz(windows=[0, 1]),
        npz(windows=[]),
        npz(ids=[[10**6]]),
        npz(ids=[["a"]]),
        npz(ids=7),
        npz(splits={"train": [0]}),
        npz(splits={"train": [0], "validation": [1], "test": [10**6]}),
        npz(splits={"train": [0], "validation": [1], "test": []}),
        absurd,
    ],
)
def test_token_facts_of_another_shape_are_made_again(
    content: Callable[[Path], bytes], run: Path, again: Callable[..., tuple], capsys: Capture
) -> None:
    (run / "tokens.npz").write_bytes(content(run))
    for command in (("inspect", run, "L0H0"), ("prompt", run, "L0H0")):
        outcome = call(capsys, *command)
        assert outcome.code == 2
        assert len(outcome.err.splitlines()) == 1
        assert "tokens.npz cannot be read (" in outcome.err
        assert "read ()" not in outcome.err
        assert "run `headsynth synthesize` again" in outcome.err
    assert call(capsys, *again(run)).code == 0
    assert call(capsys, "inspect", run, "L0H0").code == 0


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


def test_a_run_whose_model_is_gone_says_so(run: Path, llama: str, capsys: Capture) -> None:
    replace_in_settings(llama, llama + "-moved")(run)
    assert f"there is no model folder {llama}-moved" in refusal(capsys, "evaluate", run)
    assert call(capsys, "inspect", run, "L0H0").code == 0


@pytest.mark.parametrize(
    ("plan", "why"),
    [
        ("[" * 100_000, "it is nested too deeply"),
        ("9" * 5000, "Exceeds the limit"),
        ("[]", "it is no object"),
        ('{"model": "m"}', "it lacks 'heads'"),
        ('{"heads": []}', "it lacks 'model'"),
        ('{"heads": [], "model": 7}', "model is 7"),
        ('{"heads": [], "model": "a\\nb"}', "is no model's name"),
        ('{"heads": [], "model": "m", "speed": 9}', "unknown field 'speed'"),
        ('{"heads": [], "model": "m", "rounds": "x"}', "rounds is 'x'"),
        ('{"heads": [], "model": "m", "candidates": 0}', "candidates is 0"),
        ('{"heads": [], "model": "m", "rounds": true}', "rounds is True"),
        ('{"heads": [7], "model": "m"}', "heads is [7]"),
        ('{"heads": "L0", "model": "m"}', "heads is 'L0'"),
    ],
)
def test_a_damaged_plan_is_refused_and_can_be_replaced(
    plan: str, why: str, run: Path, tmp_path: Path, capsys: Capture
) -> None:
    with closing(Exchanges(run / "library.sqlite", create=True)) as exchanges:
        exchanges.keep_plan(plan)
    requests = tmp_path / "requests.jsonl"
    for command in (("prompt", run, "L0H0"), ("llm", "export", run, requests)):
        line = refusal(capsys, *command)
        assert f"the plan in {run} cannot be read (" in line
        assert why in line
        assert "ask anew with --llm MODEL" in line
    assert call(capsys, "llm", "export", run, requests, "--llm", "m", "--heads", "L0H0").code == 0
    assert call(capsys, "llm", "export", run, requests).code == 0


def test_what_was_asked_survives_the_file(tmp_path: Path) -> None:
    settings = Settings('mod\x7f\x1b\n"\\é😀', "corpus\u2028.txt", library_size=5, seed=7)
    run = RunDirectory(tmp_path / "run")
    with run.writing():
        run.start(settings, "texts start without a BOS")
    assert open_run(run.path).settings == settings


def test_what_cannot_be_written_down_is_refused_before_anything_is_made(
    again: Callable[..., tuple], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    with pytest.raises(InputError, match=r"corpus = .* is no text in UTF-8; rename the file"):
        RunDirectory.claim(tmp_path / "run", Settings("m", "x\udcff.txt"))
    for arguments in (
        again(tmp_path / "run", model="a\udcff"),
        again(tmp_path / "run", corpus="a\udcff.txt"),
        again(tmp_path / "r\udcff"),
        again(tmp_path / "run", "--llm", "a\ud800"),
        ("inspect", tmp_path / "r\udcff"),
    ):
        assert "is no text in the encoding" in refusal(capsys, *arguments)
    odd = tmp_path / "odd\udcff"
    odd.mkdir()
    save_corpus(odd / "c.jsonl")
    monkeypatch.chdir(odd)
    assert "is no text in UTF-8; rename the file or folder" in refusal(capsys, *again("run", corpus="c.jsonl"))
    assert [path.name for path in tmp_path.iterdir()] == [odd.name]
    assert [path.name for path in odd.iterdir()] == ["c.jsonl"]


def test_pipes_are_refused_and_not_waited_for(
    run: Path, again: Callable[..., tuple], tmp_path: Path, capsys: Capture
) -> None:
    pipe = tmp_path / "pipe.jsonl"
    os.mkfifo(pipe)
    assert "pipe.jsonl: it is no file; name another" in refusal(capsys, "llm", "import", run, pipe)
    assert "pipe.jsonl: it is no file; name another" in refusal(capsys, "llm", "export", run, pipe, "--llm", "m")
    assert "it is no file" in refusal(capsys, "llm", "export", run, tmp_path, "--llm", "m")
    assert "it is no file" in refusal(capsys, *again(tmp_path / "other", corpus=str(pipe)))
    for name in ("tokens.npz", "texts.jsonl"):
        (run / name).unlink()
        os.mkfifo(run / name)
    assert "tokens.npz: it is no file; run `headsynth synthesize` again" in refusal(capsys, "prompt", run, "L0H0")
    assert "tokens.npz: it is no file" in refusal(capsys, "evaluate", run)
    assert call(capsys, *again(run)).code == 0
    assert call(capsys, "prompt", run, "L0H0").code == 0


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
    # What is larger than the part that is to fail is there already.
    if what == "library.sqlite":
        (copy_run(finished, run) / what).unlink()
    elif what == "attention":
        shutil.rmtree(copy_run(finished, run) / what)
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
