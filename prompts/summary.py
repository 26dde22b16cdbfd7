"""Where a head's attention goes, in a few lines: by distance, on the first token, by the class of the key."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from prompts.edges import HeadText

_EDGES = (0, 1, 2, 4, 8, 16, 32, 64, 128)
"""Largest distance of each bin, that of the token itself first."""
_TELLING = 0.0125
"""Difference from the uniform pattern from which a class of keys is named."""
_Cells = Callable[[HeadText], np.ndarray]
"""Mask (n, n) of the cells that are counted."""


def summary_lines(texts: Sequence[HeadText]) -> list[str]:
    """Mean shares of a query's attention, each with the share that a uniform pattern would give in brackets.

    Queries that see one key are left out. Distances are of keys other than the first token, which many heads rest on.

    Args:
        texts: of one head.
    """
    shares = _Shares(texts)
    if not shares.queries:
        return ["No query of these texts has a choice of keys."]
    lines = [
        f"Mean share of a query's attention over {shares.queries} queries of {len(texts)} texts; in brackets, what a "
        "uniform pattern would give:",
        f"- the first token {shares.of(_first)}; itself {shares.of(_own)}",
    ]
    both = any(np.triu(text.visible, 1).any() for text in texts)
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
    by_class = [(name, *shares.measured(_of_class(name))) for name in texts[0].classes]
    telling = [f"{name} {_percent(*found)}" for name, *found in by_class if abs(found[0] - found[1]) > _TELLING]
    lines.append(f"- keys by class, where it differs: {', '.join(telling) or 'nowhere'}")
    lines.append(f"- spread: as over {shares.effective:.1f} keys of {shares.seen:.1f} visible (exp of the entropy)")
    return lines


class _Shares:
    """Attention of all queries with a choice, cell by cell, beside the uniform pattern."""

    def __init__(self, texts: Sequence[HeadText]) -> None:
        self._texts = texts
        self._cells = [text.chosen_from for text in texts]
        counts = np.concatenate([cells.sum(1) for cells in self._cells])
        self.queries = int((counts > 0).sum())
        self.seen = float(counts.sum() / max(self.queries, 1))
        entropy = 0.0
        for text, cells in zip(texts, self._cells, strict=True):
            weights = text.pattern[cells].astype(np.float64)
            entropy -= float((weights * np.log(np.maximum(weights, 1e-12))).sum())
        self.effective = float(np.exp(entropy / max(self.queries, 1)))

    def measured(self, cells: _Cells) -> tuple[float, float]:
        """Share of a query's attention, and of what a uniform pattern gives, on some cells."""
        total = uniform = 0.0
        for text, seen in zip(self._texts, self._cells, strict=True):
            chosen = cells(text) & seen
            total += float(text.pattern[chosen].sum(dtype=np.float64))
            uniform += float((chosen.sum(1) / np.maximum(seen.sum(1), 1)).sum())
        return total / self.queries, uniform / self.queries

    def of(self, cells: _Cells) -> str:
        """The two shares in words, or nothing where no visible cell is of this kind."""
        share, uniform = self.measured(cells)
        return _percent(share, uniform) if uniform else ""


def _percent(share: float, uniform: float) -> str:
    return f"{100 * share:.0f}% ({100 * uniform:.0f}%)"


def _grid(text: HeadText) -> np.ndarray:
    """Query place less key place, shape (n, n)."""
    places = np.arange(len(text.tokens))
    return places[:, None] - places[None]


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
