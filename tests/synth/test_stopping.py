"""Ctrl-C, as a terminal sends it to all processes, and ``kill``: one line, the signal's exit code, nothing left."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.synth.test_pipeline import alive, children
from tests.synth.test_workers import is_worker
from tests.synth.tiny_runs import MANY

# Shells let what runs behind ignore Ctrl-C.
CODE = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from synth.entry import main; main()"
SAID = ("the corpus", "texts start", "attention")
LINE = "headsynth: interrupted; run the same command again to go on from here"

pytestmark = pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="this system does not show its processes")


def imports(module: str, process: int) -> bool:
    return module in Path(f"/proc/{process}/maps").read_text()


def imports_torch(process: int) -> bool:
    return imports("libtorch", process)


def starts_workers(process: int) -> bool:
    return any(map(is_worker, children(process)))


def workers_import(process: int) -> bool:
    return any(imports("numpy", worker) for worker in children(process) if is_worker(worker))


def workers_work(process: int) -> bool:
    workers = list(filter(is_worker, children(process)))
    return len(workers) == 2 and all(map(imports_torch, workers))


@pytest.mark.parametrize(
    ("moment", "signals"),
    [
        (imports_torch, [signal.SIGINT]),
        (starts_workers, [signal.SIGTERM]),
        (workers_import, [signal.SIGINT]),
        (workers_work, [signal.SIGINT, signal.SIGINT]),
    ],
)
def test_a_command_that_is_stopped_says_so_and_leaves_nothing(
    moment: Callable[[int], bool], signals: list[signal.Signals], again: Callable[..., tuple], deep: str, tmp_path: Path
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    folders = {"TMPDIR": str(temporary), "JOBLIB_TEMP_FOLDER": str(temporary)}
    environment = os.environ | folders
    command = [sys.executable, "-c", CODE, *map(str, again(tmp_path / "run", "--jobs", 2, model=deep, heads=MANY))]
    with (tmp_path / "told").open("w+") as told:
        process = subprocess.Popen(command, stdout=told, stderr=told, env=environment, start_new_session=True)
        deadline = time.monotonic() + 120
        while not moment(process.pid):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        started = children(process.pid)
        for number in signals:
            os.killpg(process.pid, number)
            time.sleep(0.2)
        assert process.wait(60) == 128 + signals[0]
        while any(map(alive, started)):
            assert time.monotonic() < deadline, "processes outlive the command"
            time.sleep(0.05)
        told.seek(0)
        lines = [line for line in told.read().splitlines() if not line.startswith(SAID)]
    assert lines == [LINE]
    assert [path.name for path in temporary.iterdir() if not path.name.startswith("torchinductor")] == []


SWALLOWING = """
import os, signal, time
try:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.2)
except BaseException:
    pass
"""
SWALLOWED = """
import os, signal, sys, threading, time, types

class Swallows:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.2)

def imported():
    import swallowing

def beside_a_thread():
    ended = threading.Event()
    thread = threading.Thread(target=lambda: (ended.wait(), {}["gone"]))
    thread.start()
    try:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.2)
    finally:
        ended.set()
        thread.join()

def command():
    {where}()
    time.sleep(60)

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.modules["synth.cli"] = types.SimpleNamespace(main=command)
from synth.entry import main
main()
"""


@pytest.mark.parametrize("where", ["Swallows", "imported", "beside_a_thread"])
def test_what_code_of_others_makes_of_a_signal_neither_keeps_a_command_from_ending_nor_is_told(
    where: str, tmp_path: Path
) -> None:
    (tmp_path / "swallowing.py").write_text(SWALLOWING)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    begun = time.monotonic()
    code = SWALLOWED.replace("{where}", where)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stderr.splitlines()) == (130, [LINE])
    assert time.monotonic() - begun < 50  # it would sleep for a minute
