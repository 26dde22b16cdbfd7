"""Where a command's work is done."""

from contextlib import AbstractContextManager, nullcontext
from typing import Literal

from surrogates.errors import InputError
from synth.cluster import Dask
from synth.engine import Engine, Local


def chosen_engine(name: Literal["local", "dask"], scheduler: str | None, jobs: int) -> AbstractContextManager[Engine]:
    """The engine that the options name, to be used within ``with``.

    Args:
        name: ``local`` or ``dask``.
        scheduler: address of the Dask cluster's.
        jobs: most processes on this machine, 0 for one a core.

    Raises:
        InputError: options do not go together.
    """
    if name == "local":
        if scheduler is not None:
            raise InputError("--scheduler is about a Dask cluster; add --engine dask, or leave it out")
        return nullcontext(Local(jobs))
    if scheduler is None:
        raise InputError("--engine dask needs the scheduler's address; give it with --scheduler tcp://host:8786")
    if jobs:
        raise InputError("--jobs is about this machine; with --engine dask leave it out, or start fewer workers")
    return Dask(scheduler)
