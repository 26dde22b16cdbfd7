"""Worker processes end with the run, whenever it is killed."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.synth.test_pipeline import alive, children
from tests.synth.tiny_runs import MANY, start


def is_worker(process: int) -> bool:
    try:
        return b"LokyProcess" in Path(f"/proc/{process}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="this system does not list its processes")
@pytest.mark.parametrize("workers", [1, 2])
def test_workers_that_have_no_task_yet_go_too(
    workers: int, again: Callable[..., tuple], deep: str, tmp_path: Path
) -> None:
    """Killed as soon as the first worker, or the last, is started: it is still importing what its tasks need."""
    run = tmp_path / "run"
    process = start(*again(run, "--jobs", 2, model=deep, heads=MANY))
    deadline = time.monotonic() + 120
    while sum(map(is_worker, children(process.pid))) < workers:
        assert process.poll() is None
        assert time.monotonic() < deadline, "no workers were started"
        time.sleep(0.001)
    process.send_signal(signal.SIGSTOP)
    started = children(process.pid)
    process.kill()
    process.wait()
    assert len(list(filter(is_worker, started))) >= workers
    while any(map(alive, started)):
        assert time.monotonic() < deadline, "workers outlive the run"
        time.sleep(0.05)
