"""Which heads are replaced first: one function an order, each a function of programs and validation figures."""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from surrogates.language.program import Program
from surrogates.library.heads import Head

Order = Literal["iou", "effect", "greedy", "random"]
ORDERS: Mapping[Order, str] = {
    "iou": "highest validation IoU first",
    "effect": "smallest own effect on validation texts first",
    "greedy": "at each step the head that hurts least beside those replaced, on validation texts",
    "random": "at random",
}
CANDIDATES = 4
"""Heads that are tried at each step of the greedy order: those of smallest own effect that are left."""


def ordered(
    order: Order,
    programs: Mapping[Head, Program],
    effects: Mapping[Head, float],
    greedily: Callable[[], list[Head]],
) -> list[Head]:
    """All heads in an order.

    Args:
        order: its name.
        programs: each head's surrogate, highest validation IoU first.
        effects: each head's own effect, where the order asks for it.
        greedily: finds the greedy order, which takes measurements.
    """
    match order:
        case "iou":
            return list(programs)
        case "effect":
            return by_effect(effects)
        case "random":
            return at_random(list(programs))
        case "greedy":
            return greedily()


def by_effect(effects: Mapping[Head, float]) -> list[Head]:
    """The head first that costs least when it alone is replaced.

    Args:
        effects: of each head.
    """
    return sorted(effects, key=lambda head: (effects[head], head))


def at_random(heads: Sequence[Head], seed: int = 0) -> list[Head]:
    """The same order every time, whatever order the heads come in."""
    found = sorted(heads)
    random.Random(seed).shuffle(found)
    return found


def greedy(
    programs: Mapping[Head, Program],
    effects: Mapping[Head, float],
    count: int,
    costs: Callable[[Sequence[Mapping[Head, Program]]], Sequence[float]],
    goes_on: Callable[[int], bool],
) -> list[Head]:
    """Of the heads of smallest own effect that are left, the one that costs least beside those replaced, and so on.

    Trying all that are left would take a number of measurements that grows with the square of the heads'.

    Args:
        programs: each head's surrogate.
        effects: each head's own effect.
        count: heads to find; the others follow by effect.
        costs: what several assignments cost, on validation texts.
        goes_on: is told how many heads are found, and says whether there is time for another.
    """
    left = by_effect(effects)
    found: list[Head] = []
    while len(found) < count and goes_on(len(found)):
        tried = left[:CANDIDATES]
        if len(tried) > 1:
            arms = [{head: programs[head] for head in (*found, candidate)} for candidate in tried]
            measured = dict(zip(tried, costs(arms), strict=True))
            tried.sort(key=lambda head: (measured[head], head))
        found.append(tried[0])
        left.remove(tried[0])
    return found + left
