"""The order of a head's programs, and which of them stands in for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from surrogates.language.program import Program
from surrogates.library.candidates import Candidate, Scores

TOLERANCE = 0.02
"""Validation IoU by which the program that stands in may fall behind the head's best."""


@dataclass(frozen=True)
class Ranked:
    """A candidate in its place among its head's.

    Attributes:
        name: the stem of its file.
        stands_in: whether it is the one that takes the head's place.
    """

    name: str
    candidate: Candidate
    scores: Scores
    stands_in: bool

    @property
    def program(self) -> Program:
        return self.candidate.program


def choose(ranked: Sequence[Scores]) -> int:
    """Place of the program that stands in: least validation cross-entropy among those near the best validation IoU.

    IoU alone does not tell what a replacement costs.
    """
    near = [place for place, s in enumerate(ranked) if s.validation_iou >= ranked[0].validation_iou - TOLERANCE]
    return min(near, key=lambda place: (ranked[place].validation_cross_entropy, place), default=-1)
