"""Spreads work over the workers of a Dask scheduler, on whatever machines they are.

A worker of ``dask worker`` ends when its scheduler has gone, within some 45 seconds if it is in the middle of a task;
what it started in the sandbox ends with it, and with one that is killed.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from threading import Lock
from typing import Any

from surrogates.errors import InputError
from synth.engine import Result, one_thread
from synth.material import Material

PATIENCE = 30.0
"""Seconds to wait for the scheduler, and for a worker where there is none."""
ATTEMPTS = 3
"""Times that work is handed on whose workers all died."""


class Dask:
    """The workers of a Dask scheduler, connected to within ``with``.

    A worker that dies costs what it was at: others do it again.

    Args:
        scheduler: its address, such as ``tcp://host:8786``.
    """

    def __init__(self, scheduler: str) -> None:
        self._scheduler = scheduler
        self._client: Any = None

    def __enter__(self) -> "Dask":
        """Connect.

        Raises:
            InputError: distributed is not installed, there is no such scheduler, it has no workers, or these have
                another headsynth.
        """
        try:
            from distributed import Client
            from distributed.comm import resolve_address
        except ImportError as error:
            raise InputError('--engine dask needs distributed; pip install "headsynth[dask]"') from error
        # It would tell of a lost connection at length; one line tells it, and what to do.
        logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
        with self._answering():
            try:
                resolve_address(self._scheduler)  # a client whose address is wrong would not even close quietly
                self._client = Client(self._scheduler, timeout=PATIENCE, set_as_default=False)
            # It is no address, or for TLS without certificates, or the scheduler's distributed is too far from ours.
            except (ValueError, TypeError, ImportError) as error:
                raise OSError(str(error)) from error
        try:
            self._check_workers()
        except BaseException:
            self._client.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def map(self, task: Callable[..., Result], shared: tuple, items: Sequence[tuple]) -> Iterator[Result]:
        """See :class:`synth.engine.Engine`.

        Raises:
            InputError: a worker has another headsynth or does not see the run directory, workers die again and again,
                there are none any more, or the scheduler is gone.
        """
        if self._client is None:
            raise InputError("a Dask engine works within `with Dask(…) as engine:`")
        from distributed import CancelledError, KilledWorker
        from distributed.comm import CommClosedError

        found: dict[int, Result] = {}
        given = 0
        for _ in range(ATTEMPTS):
            missing = {place: items[place] for place in range(given, len(items)) if place not in found}
            try:
                for place, result in self._results(task, shared, missing):
                    found[place] = result
                    while given in found:
                        yield found.pop(given)
                        given += 1
                return
            except (CancelledError, CommClosedError):
                continue  # all workers that held what the items share have died, or the scheduler: it is sent again
            except KilledWorker:
                break
        raise InputError(
            f"the workers of {self._scheduler} die of this work again and again, for lack of memory perhaps; see their "
            "logs, then run again to go on from the results so far"
        )

    def _results(
        self, task: Callable[..., Result], shared: tuple, items: dict[int, tuple]
    ) -> Iterator[tuple[int, Result]]:
        """Results as they come, each with its place; they are fetched at once, before their worker may die.

        Raises:
            CancelledError: what the items share is lost.
        """
        from distributed import wait

        self._check_workers()
        with self._answering():
            for value in shared:
                if isinstance(value, Material):
                    self._check_seen(value.attention)
            # Every worker gets a copy, so that it does not die with one. In a list the tuple stays whole.
            (sent,) = self._client.scatter([shared], broadcast=True, hash=False)
            places = {self._client.submit(_alone, task, sent, item, pure=False): place for place, item in items.items()}
        while places:
            try:
                with self._client.as_current():
                    done = wait(list(places), timeout=PATIENCE, return_when="FIRST_COMPLETED").done
            except TimeoutError:
                self._await_worker()
                continue
            for future in done:
                yield places.pop(future), future.result()

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise InputError(
                f"no Dask scheduler answers at {self._scheduler} ({error}); start one with `dask scheduler`, give the "
                "address that it prints, such as tcp://host:8786, and run again"
            ) from error

    def _await_worker(self) -> None:
        with self._answering():
            try:
                self._client.wait_for_workers(1, timeout=PATIENCE)
            except TimeoutError as error:
                raise InputError(
                    f"the scheduler at {self._scheduler} has no workers; start some with `dask worker "
                    f"{self._scheduler} --nthreads 1`, then run again"
                ) from error

    def _check_workers(self) -> None:
        self._await_worker()
        own = version("headsynth")
        with self._answering():
            versions = self._client.run(version, "headsynth", on_error="return")
        for worker, found in versions.items():
            if isinstance(found, PackageNotFoundError) or (isinstance(found, str) and found != own):
                other = f"headsynth {found}" if isinstance(found, str) else "no headsynth"
                raise InputError(f"the worker at {worker} has {other}, not {own}; install there what is installed here")

    def _check_seen(self, folder: Path) -> None:
        for worker, seen in self._client.run(Path.is_dir, folder, on_error="return").items():
            if seen is False:
                raise InputError(
                    f"the worker at {worker} does not see {folder}; put the run directory where all workers have it "
                    "under the same path"
                )


_LOCK = Lock()


def _alone(task: Callable[..., Result], shared: tuple, item: tuple) -> Result:
    # A worker may have several threads; those that run scripted programs share a pool that takes one at a time.
    with _LOCK, one_thread():
        return task(*shared, *item)
