"""A Dask cluster as an engine: whatever becomes of its workers, the library is the one that this machine gives."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from distributed import Client

from surrogates.errors import InputError
from synth import cluster as engine
from synth.cluster import Dask
from tests.synth import engine_tasks
from tests.synth.clusters import Cluster, cluster
from tests.synth.engine_tasks import Shared
from tests.synth.test_pipeline import alive, rows_or_none
from tests.synth.test_prompt_command import material_of
from tests.synth.tiny_runs import MANY, call, refusal, rows, start

NUMBERS = [(number,) for number in range(6)]
Command = Callable[..., tuple[object, ...]]
Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster of two workers."""
    with cluster(tmp_path_factory.mktemp("two")) as started:
        started.add("--no-nanny")
        started.add("--no-nanny")
        yield started


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """A cluster without workers, for which nobody waits long."""
    monkeypatch.setattr(engine, "PATIENCE", 1.0)
    with cluster(tmp_path / "cluster") as started:
        yield started


def on(address: str) -> tuple[object, ...]:
    return "--jobs", 0, "--engine", "dask", "--scheduler", address


def test_two_workers_give_the_library_of_this_machine(
    two: Cluster,
    again: Command,
    finished: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = call(capsys, *again(Path("run"), *on(two.address)))
    assert outcome.code == 0, outcome.err
    assert rows(tmp_path / "run") == rows(finished)


def test_results_come_in_order_and_what_is_shared_is_sent_once(two: Cluster, tmp_path: Path) -> None:
    shared = Shared(np.ones(300_000), tmp_path)
    with Dask(two.address) as dask:
        found = list(dask.map(engine_tasks.add, (shared,), NUMBERS))
        assert list(dask.map(engine_tasks.add, (shared,), [])) == []
    assert found == [(300_000 + number, True, 1) for (number,) in NUMBERS]
    assert {int(path.name.split("-")[0]) for path in tmp_path.iterdir()} == set(two.processes.values())


def test_what_a_task_refuses_is_told_as_it_is(two: Cluster) -> None:
    with Dask(two.address) as dask, pytest.raises(InputError, match=r"^two is too many; take one$"):
        list(dask.map(engine_tasks.refuse, (), NUMBERS))


def test_a_worker_that_does_not_see_the_run_is_named(two: Cluster, finished: Path, tmp_path: Path) -> None:
    material = replace(material_of(finished), attention=tmp_path / "elsewhere")
    with Dask(two.address) as dask, pytest.raises(InputError) as refused:
        list(dask.map(engine_tasks.process, (material,), NUMBERS))
    assert str(refused.value).startswith("the worker at tcp://127.0.0.1:")
    assert f"does not see {tmp_path / 'elsewhere'}; put the run directory" in str(refused.value)


def test_a_worker_killed_at_work_costs_only_that(
    two: Cluster, again: Command, deep: str, finished_deep: Path, tmp_path: Path
) -> None:
    """Killed once the first result is stored: it is stopped first, so that what it is found at work on is not done."""
    run = tmp_path / "run"
    process = start(*again(run, *on(two.address), model=deep, heads=MANY))
    deadline = time.monotonic() + 120
    while not ((run / "library.sqlite").is_file() and rows_or_none(run)):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    address, victim = next(iter(two.processes.items()))
    with Client(two.address, set_as_default=False) as client:
        while True:
            assert process.poll() is None, "the worker was never found at work"
            os.kill(victim, signal.SIGSTOP)
            if client.processing([address])[address]:
                break
            os.kill(victim, signal.SIGCONT)
            time.sleep(0.01)
    os.kill(victim, signal.SIGKILL)
    assert rows(run) != rows(finished_deep)
    assert process.wait(120) == 0
    assert rows(run) == rows(finished_deep)


def test_work_that_kills_its_workers_again_and_again_is_one_line(
    empty: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its worker is started again each time."""
    empty.add("--nanny")
    monkeypatch.setattr(engine, "PATIENCE", 60.0)
    monkeypatch.setattr(engine, "ATTEMPTS", 2)
    with (
        Dask(empty.address) as dask,
        pytest.raises(InputError, match="die of this work again and again"),
    ):
        list(dask.map(engine_tasks.die, (), NUMBERS))


def test_without_workers_there_is_no_work(empty: Cluster, run: Path, again: Command, capsys: Capture) -> None:
    line = refusal(capsys, *again(run, *on(empty.address)))
    assert f"the scheduler at {empty.address} has no workers; start some with `dask worker {empty.address}" in line
    empty.add("--no-nanny")
    with Dask(empty.address) as dask, pytest.raises(InputError, match="has no workers; start some"):
        list(dask.map(engine_tasks.die, (), NUMBERS))


def test_workers_end_with_their_scheduler(empty: Cluster) -> None:
    empty.add("--nanny")
    processes = [*empty.processes.values(), *(worker.pid for worker in empty.workers)]
    with Dask(empty.address) as dask:
        results = dask.map(engine_tasks.process, (), NUMBERS)
        assert next(results) in processes
        empty.scheduler.kill()
        with pytest.raises(InputError, match=f"no Dask scheduler answers at {empty.address} .*; start one"):
            list(results) + list(dask.map(engine_tasks.process, (), NUMBERS))
    deadline = time.monotonic() + 120
    while any(map(alive, processes)):
        assert time.monotonic() < deadline, "workers outlive their scheduler"
        time.sleep(0.05)


def test_workers_with_another_headsynth_are_refused(empty: Cluster, tmp_path: Path) -> None:
    other = tmp_path / "headsynth-0.0.1.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: headsynth\nVersion: 0.0.1\n")
    empty.add("--no-nanny", path=str(tmp_path))
    with pytest.raises(InputError, match=r"the worker at tcp://.* has headsynth 0\.0\.1, not .*; install there"):
        Dask(empty.address).__enter__()


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("tcp://127.0.0.1:9", "Timed out trying to connect"),
        ("127.0.0.1", "missing port number"),
        ("http://127.0.0.1:8786", "unknown address scheme 'http'"),
        ("tls://127.0.0.1:8786", "TLS"),
    ],
)
def test_where_no_scheduler_answers_the_run_is_left_as_it_was(
    address: str,
    reason: str,
    tmp_path: Path,
    again: Command,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    monkeypatch.setattr(engine, "PATIENCE", 0.5)
    line = refusal(capsys, *again(tmp_path / "run", *on(address)))
    assert f"no Dask scheduler answers at {address} ({reason}" in line
    assert line.endswith("give the address that it prints, such as tcp://host:8786, and run again")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--scheduler", "tcp://a:1"), "--scheduler is about a Dask cluster; add --engine dask, or leave it out"),
        (("--engine", "dask"), "--engine dask needs the scheduler's address; give it with --scheduler tcp://host:8786"),
        (("--engine", "dask", "--scheduler", "tcp://a:1", "--jobs", 2), "--jobs is about this machine; with --engine"),
    ],
)
def test_options_that_do_not_go_together(
    options: tuple[object, ...], said: str, tmp_path: Path, capsys: Capture
) -> None:
    file = tmp_path / "file"
    for command in (
        ("synthesize", "demo", "--output", file),
        ("llm", "export", file, file),
        ("llm", "import", file, file),
    ):
        assert said in refusal(capsys, *command, *options)


def test_distributed_is_an_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    line = refusal(capsys, "synthesize", "demo", "--output", tmp_path / "run", *on("tcp://127.0.0.1:9"))
    assert line.endswith('--engine dask needs distributed; pip install "headsynth[dask]"')
