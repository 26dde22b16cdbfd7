"""What stands in for which head: programs, recorded patterns and baselines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import torch

from surrogates.errors import InputError
from surrogates.language.program import Program
from surrogates.library.heads import Head, no_head


class Baseline(Enum):
    """Patterns that explain nothing, to compare programs with."""

    UNIFORM = "uniform"
    """Every visible key alike."""
    FIRST = "first"
    """All on the first token the query sees."""
    ZERO = "zero"
    """Nothing: the head's output is zero."""


@dataclass(frozen=True, eq=False)
class Recorded:
    """A pattern used as it is, for the one batch it was recorded on.

    Attributes:
        pattern: float32, shape (texts, queries, keys).

    Raises:
        InputError: the tensor has another type or number of dimensions, or holds values that are not finite.
    """

    pattern: torch.Tensor

    def __post_init__(self) -> None:
        pattern = self.pattern
        if not isinstance(pattern, torch.Tensor) or pattern.dtype != torch.float32 or pattern.dim() != 3:
            raise InputError("a recorded pattern is a float32 tensor of shape (texts, queries, keys)")
        if not torch.isfinite(pattern).all():
            raise InputError("a recorded pattern holds values that are not finite; record it again")


Surrogate = Program | Recorded | Baseline
Assignment = Mapping[Head, Surrogate]


def check_assignment(assignment: Assignment, heads: Sequence[int]) -> None:
    """Refuse an assignment that a model cannot run with.

    Args:
        assignment: what stands in for which head.
        heads: how many heads each layer of the model has.

    Raises:
        InputError: the model lacks a head, or a surrogate is of an unknown kind.
    """
    for head, surrogate in assignment.items():
        if not isinstance(head, Head):
            raise InputError(f"{head!r} is not a head; write Head(3, 7) or Head.parse('L3H7')")
        if not (0 <= head.layer < len(heads) and 0 <= head.index < heads[head.layer]):
            raise no_head(head, [Head(0, 0), Head(len(heads) - 1, heads[-1] - 1)])
        if not isinstance(surrogate, Surrogate):
            raise InputError(f"{head} is assigned a {type(surrogate).__name__}; give a Program, Recorded or Baseline")
