"""Where a head's attention goes, and a program's, in a few lines: by distance, on the first token, by class of key."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from prompts.edges import Compared, HeadText

_EDGES = (0, 1, 2, 4, 8, 16, 32, 64, 128)
"""Largest distance of each bin, that of the token itself first."""
_TELLING = 0.0125
"""Difference from which a class of keys is named."""
_MISSING = 0.005
"""Share of a head's attention on no key from which it is told."""
_Cells = Callable[[HeadText], np.ndarray]
"""Mask (n, n) of the cells that are counted."""


def summary_lines(compared: Sequence[Compared]) -> list[str]:
    """Mean shares of a query's attention, each with the share that a program gives in brackets.

    Queries that see one key are left out. Distances are of keys other than the first token, which many heads rest on.

    Args:
        compared: texts with the patterns of one head and of one program.
    """
    shares = _Shares(compared)
    if not shares.queries:
        return ["No query of these texts has a choice of keys."]
    lines = [
        f"Mean share of a query's attention over {shares.queries} queries of {len(compared)} texts; in brackets, what "
        "the program gives:",
        f"- the first token {shares.of(_first)}; itself {shares.of(_own)}",
    ]
    if (missing := 1 - shares.measured(_every)[0]) > _MISSING:
        lines.append(
            f"- no key, where a sink of the layer's takes it, which programs do not have: {_percent(missing, 0)}"
        )
    both = any(np.triu(one.text.visible, 1).any() for one in compared)
    sides = (("tokens back", 1), ("tokens ahead", -1)) if both else (("tokens back", 1),)
    for name, sign in sides:
        bins = []
        for low, high in pairwise(_EDGES):
            found = shares.of(_distance(sign * (low + 1), sign * high))
            if found:
                bins.append(f"{_range(low + 1, high)}: {found}")
        if found := shares.of(_distance(sign * (_EDGES[-1] + 1), sign * 10**9)):
            bins.append(f"{_EDGES[-1] + 1}+: {found}")
        if bins:
            lines.append(f"- {name}, first token aside: {', '.join(bins)}")
    by_class = [(name, *shares.measured(_of_class(name))) for name in compared[0].text.classes]
    telling = [f"{name} {_percent(*found)}" for name, *found in by_class if abs(found[0] - found[1]) > _TELLING]
    lines.append(f"- keys by class, where it differs: {', '.join(telling) or 'nowhere'}")
    head, program = shares.effective
    lines.append(f"- spread, as over so many keys (exp of the entropy): {head:.1f} ({program:.1f})")
    return lines


class _Shares:
    """Attention of all queries with a choice, cell by cell, beside a program's."""

    def __init__(self, compared: Sequence[Compared]) -> None:
        self._compared = compared
        self._cells = [one.text.chosen_from for one in compared]
        self.queries = sum(int(cells.any(1).sum()) for cells in self._cells)

    @property
    def effective(self) -> tuple[float, float]:
        """Over how many keys attention spreads, as far as it goes to keys."""
        entropy = [0.0, 0.0]
        for one, cells in zip(self._compared, self._cells, strict=True):
            for place, pattern in enumerate((one.text.pattern, one.found)):
                whole = pattern.sum(1, dtype=np.float64, keepdims=True)
                weights = (pattern / np.maximum(whole, 1e-12))[cells]
                entropy[place] -= float((weights * np.log(np.maximum(weights, 1e-12))).sum())
        head, program = (float(np.exp(own / self.queries)) for own in entropy)
        return head, program

    def measured(self, cells: _Cells) -> tuple[float, float]:
        """Share of a query's attention, and of what the program gives, on some cells."""
        head = program = 0.0
        for one, seen in zip(self._compared, self._cells, strict=True):
            chosen = cells(one.text) & seen
            head += float(one.text.pattern[chosen].sum(dtype=np.float64))
            program += float(one.found[chosen].sum(dtype=np.float64))
        return head / self.queries, program / self.queries

    def of(self, cells: _Cells) -> str:
        """The two shares in words, or nothing where no visible cell is of this kind."""
        seen = any((cells(one.text) & own).any() for one, own in zip(self._compared, self._cells, strict=True))
        return _percent(*self.measured(cells)) if seen else ""


def _percent(head: float, program: float) -> str:
    return f"{100 * head:.0f}% ({100 * program:.0f}%)"


def _grid(text: HeadText) -> np.ndarray:
    """Query place less key place, shape (n, n)."""
    places = np.arange(len(text.tokens))
    return places[:, None] - places[None]


def _every(text: HeadText) -> np.ndarray:
    return text.visible


def _first(text: HeadText) -> np.ndarray:
    return np.broadcast_to(np.arange(len(text.tokens)) == 0, text.pattern.shape)


def _own(text: HeadText) -> np.ndarray:
    return _grid(text) == 0


def _distance(nearest: int, farthest: int) -> _Cells:
    low, high = sorted((nearest, farthest))
    return lambda text: (_grid(text) >= low) & (_grid(text) <= high) & ~_first(text)


def _of_class(name: str) -> _Cells:
    return lambda text: np.broadcast_to(text.classes[name], text.pattern.shape)


def _range(low: int, high: int) -> str:
    return f"{low}" if low == high else f"{low}–{high}"
