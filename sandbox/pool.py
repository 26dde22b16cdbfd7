"""Many workers, each a process that runs one program and is killed when a call passes its limit; answers in order."""

import os
import selectors
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sandbox.processes import SHIPPED, UNUSED, Call, ForkServer, SandboxUnavailable, Text, Worker
from sandbox.verdicts import Outcome, Verdict

__all__ = ["Call", "Pool", "SandboxUnavailable", "Text"]

LIMIT = 5.0
"""Seconds that a program may take for one text."""
MEMORY = 2 << 30
"""Bytes of address space of a worker, the interpreter and NumPy included."""
RETIRED_AFTER = 300.0
"""Busy seconds after which a worker is replaced, well under its own limit of processor time."""
IDLE = 32
"""Most workers that wait for further calls of their programs, such as the next decoding step's; fewer where they hold
many features."""
AHEAD = 64
"""Calls taken beyond the one whose answer is awaited: what waits must fit into memory."""


@dataclass(eq=False)
class _Job:
    number: int
    call: Call
    retried: bool = False


class Pool:
    """Worker processes that run programs.

    A worker runs the calls of one program: what it did to its process, no other program sees.

    Args:
        workers: how many work at once.
        limit: seconds a call may take.
        memory: bytes of address space of a worker.
        confined: whether workers use seccomp and Landlock where there are any.

    Raises:
        SandboxUnavailable: on use, when a worker cannot be started.
    """

    def __init__(
        self, workers: int | None = None, *, limit: float = LIMIT, memory: int = MEMORY, confined: bool = True
    ) -> None:
        self._server = ForkServer({"memory": memory, "confined": confined})
        self._limit = limit
        self._size = workers or os.cpu_count() or 1
        self._workers: list[Worker] = []  # the one used last stands last
        self._running = False

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the workers."""
        for worker in self._workers:
            worker.line.close()
        self._workers.clear()
        self._server.close()

    @property
    def layers(self) -> frozenset[str]:
        """What protects this machine from a worker: such as ``limits`` and ``seccomp``."""
        if not self._workers:
            self._workers.append(self._server.worker(UNUSED))
        return self._workers[0].layers

    @property
    def processes(self) -> list[int]:
        """Process ids of the workers there are, the one used last at the end."""
        return [worker.process for worker in self._workers]

    def map(self, calls: Iterable[Call]) -> Iterator[Outcome]:
        """Outcomes in the order of the calls, which are taken from the iterable only as workers become free.

        A worker that dies in the middle of a call is replaced and the call tried once more. Closing the iterator waits
        for the calls that are under way, each within its limit.
        """
        if self._running:
            raise RuntimeError("the pool is in use; finish the calls before, or use another pool")
        self._running = True
        jobs: dict[Worker, _Job] = {}
        try:
            yield from self._map(iter(calls), jobs)
        finally:
            while jobs:
                for worker, outcome in self._wait(jobs).items():
                    del jobs[worker]
                    if outcome is None or outcome.verdict is Verdict.TIMED_OUT:
                        self._end(worker)
            self._running = False

    def _map(self, calls: Iterator[Call], jobs: dict[Worker, _Job]) -> Iterator[Outcome]:
        again: deque[_Job] = deque()
        done: dict[int, Outcome] = {}
        taken = given = 0
        exhausted = False
        while True:
            while len(jobs) < self._size and (again or (not exhausted and taken - given < AHEAD)):
                if again:
                    job = again.popleft()
                elif (call := next(calls, None)) is not None:
                    job = _Job(taken, call)
                    taken += 1
                else:
                    exhausted = True
                    continue
                worker = self._worker_for(job.call, jobs)
                if worker.send(job.call, self._limit):
                    jobs[worker] = job
                else:
                    self._died(worker, job, again, done)
            for worker, outcome in self._wait(jobs).items():
                job = jobs.pop(worker)
                if outcome is None:
                    self._died(worker, job, again, done)
                    continue
                done[job.number] = outcome
                if outcome.verdict is Verdict.TIMED_OUT or worker.busy > RETIRED_AFTER:
                    self._end(worker)
            while given in done:
                yield done.pop(given)
                given += 1
            if exhausted and given == taken:
                return

    def _worker_for(self, call: Call, jobs: dict[Worker, _Job]) -> Worker:
        free = [worker for worker in self._workers if worker not in jobs]
        # Most calls follow one of the same program.
        found = next((worker for worker in reversed(free) if worker.program in (call.program, UNUSED)), None)
        if found is not None:
            self._workers.remove(found)
            found.program = call.program
        else:
            while free and (len(free) >= IDLE or sum(worker.held for worker in free) > SHIPPED):
                self._end(free.pop(0))
            found = self._server.worker(call.program)
        self._workers.append(found)
        return found

    def _died(self, worker: Worker, job: _Job, again: deque[_Job], done: dict[int, Outcome]) -> None:
        self._end(worker)
        if job.retried:
            done[job.number] = Outcome(Verdict.CRASHED, reason="the worker process died of it twice")
        else:
            again.append(_Job(job.number, job.call, retried=True))

    def _wait(self, jobs: dict[Worker, _Job]) -> dict[Worker, Outcome | None]:
        """Wait for the next answers or deadlines: outcomes by worker, None of a worker that died."""
        ended: dict[Worker, Outcome | None] = {}
        if not jobs:
            return ended
        with selectors.DefaultSelector() as selector:
            for worker in jobs:
                selector.register(worker.line, selectors.EVENT_READ, worker)
            patience = min(worker.deadline for worker in jobs) - time.monotonic()
            ready = [key.data for key, _ in selector.select(max(0.0, patience))]
        now = time.monotonic()
        for worker, job in jobs.items():
            if worker in ready:
                answer = worker.receive()
                if answer != "more":
                    ended[worker] = answer if isinstance(answer, Outcome) else None
            elif now >= worker.deadline:
                reason = f"no answer within {self._limit:g} s on a text of {len(job.call.text.tokens)} tokens"
                ended[worker] = Outcome(Verdict.TIMED_OUT, reason=reason, seconds=now - worker.sent)
        return ended

    def _end(self, worker: Worker) -> None:
        self._workers.remove(worker)
        self._server.end(worker)
