"""What can go wrong between a question and a program, as values: a failure is counted and shown, never swallowed."""

from dataclasses import dataclass
from typing import Literal

FailureKind = Literal[
    # of a call
    "timed out",
    "server error",
    "rate limited",
    "connection",
    "refused",
    "invalid response",
    "expired",
    "batch failed",
    # of an answer
    "too long",
    "more than asked",
    "empty",
    "no program",
    "truncated",
    "reasoning left open",
]


@dataclass(frozen=True)
class Failure:
    """Why a call gave no answer, or an answer no program.

    Attributes:
        reason: one line in the server's own words where it gave any.
    """

    kind: FailureKind
    reason: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.reason}"
