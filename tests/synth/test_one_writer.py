"""One process at a time writes to a run directory; a kill lets go of it, and readers are not hindered."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from surrogates.errors import InputError
from synth.run import open_run
from synth.run_directory import RunDirectory
from tests.synth.tiny_runs import call, refusal, rows, start

Capture = pytest.CaptureFixture[str]

AT_WORK = "another `headsynth synthesize`, `llm` or `calibrate` is at work on "


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 120
    while not path.is_file():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.02)


def test_the_second_of_two_runs_is_refused_until_the_first_is_killed(
    again: Callable[..., tuple], finished: Path, tmp_path: Path, capsys: Capture
) -> None:
    run = tmp_path / "run"
    first = start(*again(run))
    try:
        wait_for(run / "run.toml")
        first.send_signal(signal.SIGSTOP)  # it stays at work for as long as the test looks
        assert AT_WORK + f"{run}; wait until it ends" in refusal(capsys, *again(run))
    finally:
        first.kill()
        first.wait()
    assert call(capsys, *again(run)).code == 0
    assert rows(run) == rows(finished)


def test_whoever_writes_is_refused_and_whoever_reads_is_not(
    run: Path, again: Callable[..., tuple], tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "answers.jsonl").write_text("")
    with RunDirectory(run).writing():
        for command in (
            again(run),
            ("llm", "export", run, tmp_path / "requests.jsonl", "--llm", "m"),
            ("llm", "import", run, tmp_path / "answers.jsonl"),
        ):
            assert AT_WORK in refusal(capsys, *command)
        for command in (("inspect", run), ("inspect", run, "L0H0"), ("prompt", run, "L0H0")):
            assert call(capsys, *command).code == 0
    assert call(capsys, *again(run)).code == 0


def test_a_lock_left_behind_in_an_empty_folder_is_no_foreign_file(
    again: Callable[..., tuple], tmp_path: Path, capsys: Capture
) -> None:
    """Killed between taking the lock and writing what was asked."""
    run = tmp_path / "run"
    with RunDirectory(run).writing():
        pass
    assert [path.name for path in run.iterdir()] == ["run.lock"]
    assert call(capsys, *again(run, "--heads", "L0H0", "--max-terms", "1")).code == 0


def test_of_two_that_begin_a_run_the_later_writes_nothing(run: Path) -> None:
    """Both found the folder free, and one was faster."""
    directory = open_run(run)
    before = (run / "run.toml").read_bytes()
    with directory.writing(), pytest.raises(InputError, match=r"has begun .* meanwhile; run again"):
        directory.start(directory.settings, directory.start_of_texts)
    assert (run / "run.toml").read_bytes() == before
