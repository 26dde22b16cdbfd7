"""Dask clusters on loopback, each process of its own."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from distributed import Client

_HOME = str(Path(__file__).resolve().parents[2])
_LIMIT = 120.0  # seconds for a process to start; it takes two


class Cluster:
    """A scheduler and its workers.

    Attributes:
        address: the scheduler's.
        scheduler: its process.
        workers: theirs, or of those that look after them.
        processes: in which work is done, by the worker's address.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "scheduler.json"
        loopback = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", self._file)
        self.workers: list[subprocess.Popen[bytes]] = []
        self.processes: dict[str, int] = {}
        self.scheduler = self._start("scheduler", *loopback)
        deadline = time.monotonic() + _LIMIT
        while not self._file.exists() or not self._file.read_text().endswith("}"):
            assert self.scheduler.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        self.address: str = json.loads(self._file.read_text())["address"]

    def add(self, *options: str, path: str = _HOME) -> None:
        """Start a worker, which imports from ``path``, and wait until the scheduler knows it."""
        one = ("--nthreads", "1", "--host", "127.0.0.1", "--no-dashboard", "--local-directory", self._folder)
        self.workers.append(self._start("worker", self.address, *one, *options, path=path))
        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(len(self.workers), timeout=_LIMIT)
            self.processes = client.run(os.getpid)

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.terminate()
            process.wait(_LIMIT)

    def _start(self, what: str, *arguments: object, path: str = _HOME) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", *map(str, arguments)]
        # Not pipes: nobody reads them. Python looks into the working directory before all other places.
        environment = os.environ | {"PYTHONPATH": path}
        return subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment, cwd=path
        )


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """A scheduler without workers."""
    folder.mkdir(exist_ok=True)
    started = Cluster(folder)
    try:
        yield started
    finally:
        started.close()
