"""How a program's run on one text ended."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np


class Verdict(StrEnum):
    """The end of a run."""

    OK = "ok"
    REFUSED = "refused"
    """The source breaks the policy; it never ran."""
    RAISED = "raised"
    """The program raised an exception."""
    TIMED_OUT = "timed out"
    OUT_OF_MEMORY = "out of memory"
    WRONG_SHAPE = "wrong shape"
    """What it returned is no array of numbers that broadcasts to one score a query and key."""
    NOT_FINITE = "not finite"
    """A score in a visible cell is NaN or +inf."""
    CRASHED = "crashed"
    """The worker process died of it, twice."""


@dataclass(frozen=True)
class Outcome:
    """What a run gave.

    Attributes:
        verdict: how it ended.
        scores: float32, shape (n, n), where the verdict is ok.
        reason: otherwise what happened, in one line, with the program's own line where there is one.
        seconds: wall-clock time from handing the call over to its answer.
    """

    verdict: Verdict
    scores: np.ndarray | None = None
    reason: str = ""
    seconds: float = 0.0
