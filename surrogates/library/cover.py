"""How few structures explain how many heads."""

from collections.abc import Sequence
from itertools import accumulate

from surrogates.library.heads import Head
from surrogates.library.ranking import TOLERANCE
from surrogates.library.structures import Structure


def explained(structures: Sequence[Structure]) -> list[set[Head]]:
    """The heads that each structure explains.

    It explains a head if its best program there falls behind the head's best by 0.02 of validation IoU at most.
    """
    best: dict[Head, float] = {}
    for structure in structures:
        for head, use in structure.uses.items():
            best[head] = max(use.validation_iou, best.get(head, use.validation_iou))
    return [
        {head for head, use in structure.uses.items() if use.validation_iou >= best[head] - TOLERANCE}
        for structure in structures
    ]


def greedy(explains: Sequence[set[Head]]) -> dict[int, int]:
    """Places of structures taken greedily until all heads are explained, each with the heads that it adds.

    Greedy choice explains at least 63 % of what the best choice of as many would (Nemhauser, Wolsey and Fisher,
    An analysis of approximations for maximizing submodular set functions, 1978).
    """
    every = set().union(*explains)
    found: set[Head] = set()
    added: dict[int, int] = {}
    while len(found) < len(every):
        place = max(range(len(explains)), key=lambda place: len(explains[place] - found))
        added[place] = len(explains[place] - found)
        found |= explains[place]
    return added


def cover(structures: Sequence[Structure]) -> list[int]:
    """How many heads the first, the first two, … structures explain, taken greedily; see :func:`greedy`."""
    return list(accumulate(greedy(explained(structures)).values()))
