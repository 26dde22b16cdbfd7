"""What can go wrong with a call, as values: a failure is counted and shown, never swallowed."""

from dataclasses import dataclass
from typing import Literal

FailureKind = Literal[
    "timed out",
    "server error",
    "rate limited",
    "connection",
    "refused",
    "invalid response",
    "expired",
    "batch failed",
]


@dataclass(frozen=True)
class Failure:
    """Why a call gave no answer.

    Attributes:
        reason: one line in the server's own words where it gave any.
    """

    kind: FailureKind
    reason: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.reason}"
