"""How many heads are replaced: shares of an order, and the most that stay within a budget."""

from collections.abc import Callable, Sequence

from surrogates.library.heads import Head


def first_heads(heads: Sequence[Head], fraction: float) -> Sequence[Head]:
    """The first of an order of heads, as many as the fraction says, at least one."""
    return heads[: max(1, round(fraction * len(heads)))]


def most_heads(
    count: int, budget: float, increase: Callable[[int], float], goes_on: Callable[[], bool] = lambda: True
) -> int:
    """The most heads with which the increase stays within the budget, found by bisection; 0 if one is too many.

    Args:
        count: of all heads of an order.
        budget: relative increase in perplexity.
        increase: with so many heads of the order replaced, on validation texts.
        goes_on: asked before each number of heads that is tried; the most of those that were tried is found then.
    """
    low, high = 0, count
    while low < high and goes_on():
        middle = (low + high + 1) // 2
        if increase(middle) <= budget:
            low = middle
        else:
            high = middle - 1
    return low
