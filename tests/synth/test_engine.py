"""This machine's processes as an engine; that they end with the run is in ``test_workers``."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from surrogates.errors import InputError
from synth.engine import Local
from tests.synth import engine_tasks
from tests.synth.engine_tasks import Shared

NUMBERS = [(number,) for number in range(6)]


@pytest.fixture
def two_threads() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(threads)


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("size", [3, 300_000])  # the larger is handed over as a file mapped into memory
@pytest.mark.parametrize("jobs", [1, 2])
def test_results_come_in_order_and_what_is_shared_is_sent_once(jobs: int, size: int, tmp_path: Path) -> None:
    shared = Shared(np.ones(size), tmp_path)
    found = list(Local(jobs).map(engine_tasks.add, (shared,), NUMBERS))
    assert found == [(size + number, True, 1) for (number,) in NUMBERS]
    processes = [path.name.split("-")[0] for path in tmp_path.iterdir()]
    assert len(processes) == len(set(processes)) <= jobs
    assert (jobs > 1) == bool(processes)
    assert torch.get_num_threads() == 2


def test_one_job_is_done_in_this_process_and_so_is_nothing() -> None:
    assert set(Local(1).map(engine_tasks.process, (), NUMBERS)) == {os.getpid()}
    assert os.getpid() not in set(Local(2).map(engine_tasks.process, (), NUMBERS))
    assert list(Local(2).map(engine_tasks.process, (), [])) == []


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_a_task_refuses_is_told_as_it_is(jobs: int) -> None:
    with pytest.raises(InputError, match=r"^two is too many; take one$"):
        list(Local(jobs).map(engine_tasks.refuse, (), NUMBERS))


def test_whoever_wants_no_more_results_is_told_nothing() -> None:
    """Such as a stage whose library cannot be written to; pytest makes an error of any warning."""
    results = Local(2).map(engine_tasks.process, (), [(number,) for number in range(50)])
    assert next(results) != os.getpid()
    results.close()  # type: ignore[attr-defined]


def test_a_dead_worker_is_one_line() -> None:
    with pytest.raises(InputError, match="a worker process died, for lack of memory perhaps; run again with fewer"):
        list(Local(2).map(engine_tasks.die, (), NUMBERS))


def test_no_space_for_temporary_files_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JOBLIB_TEMP_FOLDER", "/dev/null/full")
    with pytest.raises(InputError, match=r"cannot hand work .*; free some space in /dev/null/full"):
        list(Local(2).map(engine_tasks.add, (Shared(np.ones(300_000), tmp_path),), NUMBERS))
