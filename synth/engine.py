"""Spreads work on heads over worker processes."""

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from pickle import PicklingError
from typing import TypeVar

import torch
from joblib import Parallel, delayed

from surrogates.errors import InputError
from surrogates.library.heads import Head
from synth.material import Material
from synth.watch import end_with

Result = TypeVar("Result")


def each_head(
    task: Callable[..., Result], material: Material, heads: Sequence[Head], arguments: Sequence[tuple], jobs: int
) -> Iterator[tuple[Head, Result]]:
    """``task(material, head, *arguments)`` for each head, in the order of the heads, as results come in.

    Args:
        arguments: one tuple a head.
        jobs: most processes at once; with one, the work is done in this process.

    Raises:
        InputError: memory or the space for temporary files ran out.
    """
    if not heads:
        return
    jobs = min(jobs, len(heads))
    pool = Parallel(
        n_jobs=jobs,
        return_as="generator",
        mmap_mode="c",
        pre_dispatch=2 * jobs,
        initializer=end_with,  # from a worker's start, since it may never get a task
        initargs=(os.getpid(),),
    )
    calls = (delayed(_on_one_thread)(task, material, head, *own) for head, own in zip(heads, arguments, strict=True))
    threads = torch.get_num_threads()
    try:
        yield from zip(heads, pool(calls), strict=True)
    except (PicklingError, OSError) as error:
        folder = os.environ.get("JOBLIB_TEMP_FOLDER") or tempfile.gettempdir()
        raise InputError(
            f"cannot hand work to worker processes: {error}; free some space in {folder}, set JOBLIB_TEMP_FOLDER "
            "to another folder, or run with --jobs 1"
        ) from error
    except BrokenProcessPool as error:
        raise InputError("a worker process died, for lack of memory perhaps; run again with fewer --jobs") from error
    finally:
        torch.set_num_threads(threads)


def _on_one_thread(task: Callable[..., Result], *arguments: object) -> Result:
    torch.set_num_threads(1)  # so that results do not depend on the number of workers
    return task(*arguments)
