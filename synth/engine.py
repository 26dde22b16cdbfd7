"""Spreads work over processes: those of this machine here, those of many in ``synth/cluster.py``."""

import ctypes
import errno
import os
import pickle
import signal
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from multiprocessing import resource_tracker
from pickle import PicklingError
from threading import current_thread, main_thread
from typing import Protocol, TypeVar

import numpy as np
import torch
from joblib import Parallel, delayed

from surrogates.errors import InputError
from synth.watch import STOPPING, end_with

Result = TypeVar("Result")


class Engine(Protocol):
    """Where work is done. Whichever it is, equal work gives equal results on equal machines."""

    def map(self, task: Callable[..., Result], shared: tuple, items: Sequence[tuple]) -> Iterator[Result]:
        """``task(*shared, *item)`` for each item, in the order of the items, as results come in.

        Args:
            task: a function of a module; it finds one thread of torch's.
            shared: what all items need, which a worker is sent once. It is not to be changed.
            items: what is each item's own; small, and at least as many as there are workers.

        Raises:
            InputError: the work cannot be handed on, or the workers died of it.
        """


@dataclass(frozen=True)
class Local:
    """Worker processes of this machine.

    Attributes:
        jobs: most processes at once, 0 for one a core; with one, the work is done in this process.
    """

    jobs: int = 0

    def map(self, task: Callable[..., Result], shared: tuple, items: Sequence[tuple]) -> Iterator[Result]:
        """See :class:`Engine`.

        Raises:
            InputError: memory or the space for temporary files ran out.
        """
        jobs = min(self.jobs or os.cpu_count() or 1, len(items))
        if jobs > 1:
            yield from _in_workers(task, shared, items, jobs)
            return
        for item in items:
            with one_thread():
                result = task(*shared, *item)
            yield result


@contextmanager
def one_thread() -> Iterator[None]:
    """Give torch one thread, so that results do not depend on the number of workers; and memory that it keeps."""
    _keep_memory()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _keep_memory() -> None:
    """Have glibc keep what is freed for what comes next; or else page faults take longer than the arithmetic.

    By itself it learns that slowly, and under Dask's nannies, which set ``MALLOC_TRIM_THRESHOLD_``, not at all. The
    numbers are those of ``mallopt(3)``: M_TRIM_THRESHOLD and M_MMAP_THRESHOLD, the most it takes.
    """
    with suppress(AttributeError):  # another C library
        library = ctypes.CDLL(None)
        library.mallopt(-1, 64 << 20)
        library.mallopt(-3, 32 << 20)


def _in_workers(task: Callable[..., Result], shared: tuple, items: Sequence[tuple], jobs: int) -> Iterator[Result]:
    pool = Parallel(
        n_jobs=jobs,
        return_as="generator",
        mmap_mode="c",
        pre_dispatch=2 * jobs,
        initializer=end_with,  # from a worker's start, since it may never get a task
        initargs=(os.getpid(),),
    )
    results = None
    try:
        packed = _Packed.of(shared)
        with _undisturbed_children():
            results = pool(delayed(_unpacked)(task, packed, item) for item in items)
        for result in results:  # noqa: UP028 - it would close them where nobody wants more, and joblib would warn
            yield result
    except (BrokenProcessPool, BrokenPipeError) as error:
        raise InputError("a worker process died, for lack of memory perhaps; run again with fewer --jobs") from error
    except (PicklingError, OSError) as error:
        folder = os.environ.get("JOBLIB_TEMP_FOLDER") or tempfile.gettempdir()
        mend = f"free some space in {folder}, set JOBLIB_TEMP_FOLDER to another folder, or "
        if isinstance(error, OSError) and error.errno in _TOO_MANY:
            mend = "raise the limit (see `ulimit -a`), or "
        raise InputError(f"cannot hand work to worker processes: {error}; {mend}run with --jobs 1") from error
    finally:
        if results is not None:
            with warnings.catch_warnings(action="ignore"):
                results.close()


_TOO_MANY = (errno.EMFILE, errno.ENFILE, errno.EAGAIN)
"""Of open files, or of processes."""


@contextmanager
def _undisturbed_children() -> Iterator[None]:
    """Keep Ctrl-C and its like from the processes that are started meanwhile, and for later from this one.

    A terminal sends it to all of them. This process ends its workers; by themselves each would show a traceback, as it
    would if this one were stopped in the middle of starting it. The process that removes what was left over would warn
    of it where Ctrl-C came at an unlucky moment.
    """
    resource_tracker.ensure_running()  # its start, which loky would bring about, opens the mask
    came: list[int] = []
    handlers = {number: signal.getsignal(number) for number in STOPPING}
    held = [number for number, handler in handlers.items() if callable(handler) and current_thread() is main_thread()]
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)  # threads and processes take over the mask
    for number in held:
        signal.signal(number, lambda number, _frame: came.append(number))  # of this process another thread may be told
    sys.warnoptions.append(_NO_WARNINGS)
    try:
        yield
    finally:
        sys.warnoptions.remove(_NO_WARNINGS)
        for number in held:
            signal.signal(number, handlers[number])
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if came:
            signal.raise_signal(came[0])


_NO_WARNINGS = "ignore:resource_tracker:UserWarning"


@dataclass(frozen=True)
class _Packed:
    """Values as bytes: joblib hands arrays of over a megabyte to its workers as files mapped into memory.

    Attributes:
        number: tells these values from others that this process packs.
        pickled: the values but for the contents of their arrays.
        contents: those, not copied.
    """

    number: int
    pickled: np.ndarray
    contents: list[np.ndarray]

    @classmethod
    def of(cls, values: tuple) -> "_Packed":
        contents: list[pickle.PickleBuffer] = []
        pickled = pickle.dumps(values, protocol=5, buffer_callback=contents.append)
        return cls(next(_NUMBERS), _bytes(pickled), [_bytes(content.raw()) for content in contents])


_NUMBERS = count()
_kept: dict[int, tuple] = {}
"""In a worker: what the items at hand share, under its number."""


def _bytes(content: bytes | memoryview) -> np.ndarray:
    return np.asarray(memoryview(content))


def _unpacked(task: Callable[..., Result], packed: _Packed, item: tuple) -> Result:
    if packed.number not in _kept:
        _kept.clear()  # before the next takes its memory
        _kept[packed.number] = pickle.loads(packed.pickled.data, buffers=packed.contents)
    with one_thread():
        return task(*_kept[packed.number], *item)
