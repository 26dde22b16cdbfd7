"""Many workers, each a process that is killed when a call passes its limit and replaced; answers come in order."""

import json
import os
import selectors
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sandbox.verdicts import Outcome, Verdict
from sandbox.wire import ANSWER, MAX_REASON, pack

LIMIT = 5.0
"""Seconds that a program may take for one text."""
MEMORY = 2 << 30
"""Bytes of address space of a worker, the interpreter and NumPy included."""
SHIPPED = 256 << 20
"""Bytes of texts and features that a worker keeps; past that it forgets them all and is sent what it needs anew."""
RETIRED_AFTER = 300.0
"""Busy seconds after which a worker is replaced, well under its own limit of processor time."""
_START_LIMIT = 60.0
_STARTS = 3
_MAIN = "import sys; sys.path.insert(0, sys.argv.pop(1)); from sandbox.worker import main; main()"
_VERDICTS = tuple(Verdict)
_HOME = str(Path(__file__).resolve().parent.parent)


class SandboxUnavailable(RuntimeError):  # noqa: N818 - says what it is
    """Worker processes cannot be started here."""


@dataclass(frozen=True, eq=False)
class Text:
    """A text that programs may be run on.

    Attributes:
        key: equal for equal texts with equal features.
        tokens: the string of each token.
        causal: whether a query sees only keys at or before it.
        feature: gives a feature by side (``token`` or ``pair``) and name: booleans or float32, shape (n,) or (n, n).
    """

    key: Hashable
    tokens: tuple[str, ...]
    causal: bool
    feature: Callable[[str, str], np.ndarray]


@dataclass(frozen=True)
class Call:
    """One program on one text.

    Attributes:
        source: a module.
        entry: the name of its function.
        constants: passed to it by name.
        text: the text.
        features: side and name of the features that the source names; a worker holds no others.
    """

    source: str
    entry: str
    constants: dict[str, float]
    text: Text
    features: frozenset[tuple[str, str]] = frozenset()


@dataclass(eq=False)
class _Job:
    number: int
    call: Call
    retried: bool = False


class Pool:
    """Worker processes that run programs.

    Args:
        workers: how many.
        limit: seconds a call may take.
        memory: bytes of address space of a worker.
        confined: whether workers use seccomp and Landlock where there are any.

    Raises:
        SandboxUnavailable: on use, when a worker cannot be started.
    """

    def __init__(
        self, workers: int | None = None, *, limit: float = LIMIT, memory: int = MEMORY, confined: bool = True
    ) -> None:
        self._settings = {"memory": memory, "confined": confined}
        self._limit = limit
        self._size = workers or os.cpu_count() or 1
        self._workers: list[_Worker] = []
        self._running = False
        self._failed_starts = 0

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the workers."""
        for worker in self._workers:
            worker.kill()
        self._workers.clear()

    @property
    def layers(self) -> frozenset[str]:
        """What protects this machine from a worker: such as ``limits`` and ``seccomp``."""
        self._fill()
        while not all(worker.layers for worker in self._workers):
            self._wait({})
        return frozenset.intersection(*(frozenset(worker.layers) for worker in self._workers))

    @property
    def processes(self) -> list[int]:
        """Process ids of the workers."""
        return [worker.process.pid for worker in self._workers]

    def map(self, calls: Iterable[Call]) -> Iterator[Outcome]:
        """Outcomes in the order of the calls, which are taken from the iterable only as workers become free.

        A worker that dies in the middle of a call is replaced and the call tried once more. Closing the iterator waits
        for the calls that are under way, each within its limit: a worker that is killed has to be started again.
        """
        if self._running:
            raise RuntimeError("the pool is in use; finish the calls before, or use another pool")
        self._running = True
        jobs: dict[_Worker, _Job] = {}
        try:
            yield from self._map(iter(calls), jobs)
        finally:
            while jobs and self._workers:
                for worker, outcome in self._wait(jobs).items():
                    del jobs[worker]
                    if outcome is None or outcome.verdict is Verdict.TIMED_OUT:
                        self._replace(worker)
            self._running = False

    def _map(self, calls: Iterator[Call], jobs: "dict[_Worker, _Job]") -> Iterator[Outcome]:
        self._fill()
        again: deque[_Job] = deque()
        done: dict[int, Outcome] = {}
        taken = given = 0
        exhausted = False
        while True:
            # Far ahead of an answer that is awaited nothing more is taken: what waits must fit into memory.
            for worker in self._workers:
                if worker in jobs or not worker.layers or (not again and (exhausted or taken - given >= 64)):
                    continue
                if again:
                    job = again.popleft()
                else:
                    call = next(calls, None)
                    if call is None:
                        exhausted = True
                        continue
                    job = _Job(taken, call)
                    taken += 1
                if worker.send(job.call, self._limit):
                    jobs[worker] = job
                else:
                    self._died(worker, job, again, done)
            if not (exhausted and not jobs and not again):
                for worker, outcome in self._wait(jobs).items():
                    job = jobs.pop(worker)
                    if outcome is None:
                        self._died(worker, job, again, done)
                    else:
                        done[job.number] = outcome
                        if outcome.verdict is Verdict.TIMED_OUT or worker.busy > RETIRED_AFTER:
                            self._replace(worker)
            while given in done:
                yield done.pop(given)
                given += 1
            if exhausted and given == taken:
                return

    def _died(self, worker: "_Worker", job: _Job, again: deque[_Job], done: dict[int, Outcome]) -> None:
        self._replace(worker)
        if job.retried:
            done[job.number] = Outcome(Verdict.CRASHED, reason="the worker process died of it twice")
        else:
            again.append(_Job(job.number, job.call, retried=True))

    def _wait(self, jobs: "dict[_Worker, _Job]") -> "dict[_Worker, Outcome | None]":
        """Wait for the next answers or deadlines: outcomes by worker, None of a worker that died."""
        ended: dict[_Worker, Outcome | None] = {}
        with selectors.DefaultSelector() as selector:
            for worker in self._workers:
                selector.register(worker.line, selectors.EVENT_READ, worker)
            patience = min(worker.deadline for worker in self._workers) - time.monotonic()
            ready = [key.data for key, _ in selector.select(max(0.0, patience))]
        now = time.monotonic()
        for worker in self._workers.copy():
            if worker in ready:
                answer = worker.receive()
                if answer == "more":
                    continue
                if worker in jobs:
                    ended[worker] = answer if isinstance(answer, Outcome) else None
                elif answer == "died":
                    self._replace(worker)
            elif now >= worker.deadline:
                if worker in jobs:
                    reason = (
                        f"no answer within {self._limit:g} s on a text of {len(jobs[worker].call.text.tokens)} tokens"
                    )
                    ended[worker] = Outcome(Verdict.TIMED_OUT, reason=reason, seconds=now - worker.sent)
                else:
                    self._replace(worker)
        return ended

    def _fill(self) -> None:
        while len(self._workers) < self._size:
            self._workers.append(_Worker(self._settings))

    def _replace(self, worker: "_Worker") -> None:
        worker.kill()
        if not worker.layers:
            self._failed_starts += 1
            if self._failed_starts >= _STARTS:
                self.close()
                raise SandboxUnavailable(
                    "worker processes of the sandbox die as they start; see whether this machine has memory left, "
                    "and whether `python -c 'import numpy, RestrictedPython'` works"
                )
        else:
            self._failed_starts = 0
        if worker in self._workers:
            self._workers[self._workers.index(worker)] = _Worker(self._settings)


@dataclass(eq=False)
class _Sent:
    """What a worker holds: numbers of programs, and of texts with the features it has of each."""

    programs: dict[str, int] = field(default_factory=dict)
    texts: dict[Hashable, tuple[int, set[tuple[str, str]]]] = field(default_factory=dict)
    size: int = 0


class _Worker:
    """One process and the line to it. At most one call is under way."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.layers: list[str] = []  # known, and not empty, once it is ready
        self.busy = 0.0
        self.sent = time.monotonic()
        self.deadline = self.sent + _START_LIMIT
        self._n = 0
        self._buffer = bytearray()
        self._held = _Sent()
        self.line, theirs = socket.socketpair()
        # OpenBLAS reads its settings when it is loaded; the worker empties its environment after that.
        blas = {name: value for name, value in os.environ.items() if name.startswith("OPENBLAS_")}
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-s", "-P", "-B", "-c", _MAIN, _HOME, json.dumps(settings)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                # The same hashes in every process: a program that goes over a set finds the same order each time.
                env={**blas, "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0"},
                cwd="/",
            )
        except OSError as error:
            self.line.close()
            raise SandboxUnavailable(f"cannot start a worker process: {error.strerror}") from error
        finally:
            theirs.close()

    def kill(self) -> None:
        """End the process, whatever it is doing."""
        self.process.kill()
        self.process.wait()
        self.line.close()

    def send(self, call: Call, limit: float) -> bool:
        """Hand a call over; False when the process is gone or does not listen."""
        held = self._held
        header: dict[str, Any] = {"limit": limit, "constants": call.constants}
        if held.size > SHIPPED:
            self._held = held = _Sent()
            header["forget"] = True
        if call.source not in held.programs:
            held.programs[call.source] = len(held.programs)
            held.size += len(call.source)
            names = sorted({name for _, name in call.features})
            header["program"] = {
                "id": held.programs[call.source], "source": call.source, "entry": call.entry, "features": names,
            }  # fmt: skip
        if call.text.key not in held.texts:
            held.texts[call.text.key] = (len(held.texts), set())
            header["tokens"] = call.text.tokens
            header["causal"] = call.text.causal
            held.size += sum(map(sys.getsizeof, call.text.tokens))
        number, there = held.texts[call.text.key]
        missing = sorted(call.features - there)
        arrays = [np.ascontiguousarray(call.text.feature(side, name)) for side, name in missing]
        there.update(missing)
        held.size += sum(array.nbytes for array in arrays)
        header |= {"run": held.programs[call.source], "text": number, "features": missing}
        self._n = len(call.text.tokens)
        self.line.settimeout(limit)
        try:
            self.line.sendall(pack(header, arrays))
        except OSError:
            return False
        self.line.setblocking(False)
        self.sent = time.monotonic()
        self.deadline = self.sent + limit
        return True

    def receive(self) -> Outcome | str:
        """The answer, or ``more`` when it is not complete, ``ready`` after the start, or ``died``."""
        try:
            part = self.line.recv(1 << 20)
        except BlockingIOError:
            return "more"
        except OSError:
            return "died"
        if not part:
            return "died"
        self._buffer += part
        if len(self._buffer) < ANSWER.size:
            return "more"
        number, length = ANSWER.unpack_from(self._buffer)
        if number >= len(_VERDICTS) or length > max(MAX_REASON, 4 * self._n**2):
            return "died"  # it answers what no worker of ours would
        if len(self._buffer) < ANSWER.size + length:
            return "more"
        content = bytes(self._buffer[ANSWER.size : ANSWER.size + length])
        self._buffer.clear()
        self.deadline = float("inf")
        if not self.layers:
            self.layers = json.loads(content)
            return "ready"
        seconds = time.monotonic() - self.sent
        self.busy += seconds
        return _outcome(_VERDICTS[number], content, self._n, seconds)


def _outcome(verdict: Verdict, content: bytes, n: int, seconds: float) -> Outcome | str:
    if verdict is not Verdict.OK:
        return Outcome(verdict, reason=content.decode("utf-8", "replace"), seconds=seconds)
    if len(content) != 4 * n * n:
        return "died"
    return Outcome(verdict, np.frombuffer(content, dtype=np.float32).reshape(n, n), seconds=seconds)
