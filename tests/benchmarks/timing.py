"""Timing two ways of doing the same work, in turns, so that both see the machine in the same state."""

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple


class Comparison(NamedTuple):
    """Median seconds of a baseline and of ours."""

    baseline: float
    ours: float


def compare(baseline: Callable[[], object], ours: Callable[[], object], rounds: int) -> Comparison:
    """Median of several rounds after one that warms up."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds + 1):
        for place, work in enumerate((baseline, ours)):
            start = time.perf_counter()
            work()
            if number:
                seconds[place].append(time.perf_counter() - start)
    return Comparison(statistics.median(seconds[0]), statistics.median(seconds[1]))
