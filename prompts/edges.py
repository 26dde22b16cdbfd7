"""From patterns to edges, the cells worth showing: ``'dog'[7] -> 'the'[6] (0.42)``.

Shapes: n tokens; patterns and masks (n, n), queries down and keys across.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

SHARE = 0.025
"""Share of the visible cells that are shown, the strongest."""
FEWEST = 24
"""Cells that are shown of a text so short that the share comes to less."""
CAP = 3
"""Most edges of a token to itself in a group, and most to the first token: they would crowd out what tells heads
apart."""
GROUPS = ("top quarter", "upper middle", "lower middle", "low")
"""The strongest cells by quarters, of equally many cells each."""


@dataclass(frozen=True, eq=False)
class HeadText:
    """One text with a head's pattern.

    Attributes:
        tokens: their strings, as programs see them.
        pattern: shape (n, n); rows sum to one, or less where a sink takes the rest.
        visible: cells the model lets a query see, shape (n, n).
        classes: name of a token feature to its mask over the tokens, shape (n,).

    Raises:
        ValueError: the shapes disagree.
    """

    tokens: tuple[str, ...]
    pattern: np.ndarray
    visible: np.ndarray
    classes: dict[str, np.ndarray]

    def __post_init__(self) -> None:
        n = len(self.tokens)
        if self.pattern.shape != (n, n) or self.visible.shape != (n, n):
            raise ValueError(f"{n} tokens take patterns of shape {(n, n)}, not {self.pattern.shape}")
        if any(mask.shape != (n,) for mask in self.classes.values()):
            raise ValueError(f"{n} tokens take classes of shape {(n,)}")

    @property
    def chosen_from(self) -> np.ndarray:
        """Visible cells of queries that have a choice: a query that sees one key says nothing. Shape (n, n)."""
        return self.visible & (self.visible.sum(1, keepdims=True) > 1)

    @property
    def goes_on(self) -> np.ndarray:
        """Tokens with which a word goes on, shape (n,)."""
        starts = self.classes.get("is_word_start", np.ones(len(self.tokens), dtype=bool))
        return ~starts & np.array([token[:1].isalnum() for token in self.tokens])

    @property
    def apart(self) -> np.ndarray:
        """Of these the cells of other tokens than the first and than the query's own. Shape (n, n)."""
        cells = self.chosen_from & ~np.eye(len(self.tokens), dtype=bool)
        cells[:, 0] = False
        return cells


@dataclass(frozen=True, eq=False)
class Compared:
    """A train text, a program's pattern on it, shape (n, n), and the IoU of the two patterns."""

    text: HeadText
    found: np.ndarray
    iou: float


@dataclass(frozen=True)
class Edge:
    """A cell by its places in the text, with its weight or the difference of two weights."""

    query: int
    key: int
    weight: float


@dataclass(frozen=True)
class Group:
    """Some of the edges of one quarter, strongest first; ``left_out`` counts those beyond the caps."""

    name: str
    edges: tuple[Edge, ...]
    left_out: int


def strongest_edges(text: HeadText, share: float = SHARE) -> list[Edge]:
    """The strongest cells, strongest first.

    Args:
        text: tokens and pattern.
        share: of the visible cells; ``FEWEST`` are taken where there are so many.
    """
    visible = text.chosen_from
    count = max(ceil(share * int(visible.sum())), FEWEST)
    return _largest(text.pattern, visible, count)


def grouped_edges(edges: Sequence[Edge], most: int) -> list[Group]:
    """The edges by quarters, capped.

    Args:
        edges: strongest first.
        most: edges kept of a group, the strongest.
    """
    groups = []
    bounds = [ceil(len(edges) * quarter / len(GROUPS)) for quarter in range(len(GROUPS) + 1)]
    for name, start, end in zip(GROUPS, bounds, bounds[1:], strict=False):
        kept = capped(edges[start:end])
        if kept:
            groups.append(Group(name, tuple(kept[:most]), end - start - len(kept[:most])))
    return groups


def capped(edges: Sequence[Edge]) -> list[Edge]:
    """The edges without those of a token to itself, or to the first token, beyond ``CAP`` of each."""
    kept, own, first = [], 0, 0
    for edge in edges:
        if edge.query == edge.key:
            own += 1
            if own > CAP:
                continue
        elif edge.key == 0:
            first += 1
            if first > CAP:
                continue
        kept.append(edge)
    return kept


def missed_edges(text: HeadText, found: np.ndarray, most: int) -> tuple[list[Edge], list[Edge]]:
    """Where a program's pattern departs most from the head's: cells it gives too little, and too much.

    Args:
        text: tokens and the head's pattern.
        found: the program's pattern, shape (n, n).
        most: edges of either kind. Cells of the first token and of a token itself are left out.

    Returns:
        Under-predicted and over-predicted edges, largest difference first; weights are the head's less the program's,
        so those of the second list are negative.
    """
    difference = text.pattern - found
    cells = text.apart
    under = _largest(difference, cells, most)
    over = [Edge(edge.query, edge.key, -edge.weight) for edge in _largest(-difference, cells, most)]
    return under, over


def _largest(values: np.ndarray, cells: np.ndarray, count: int) -> list[Edge]:
    """Cells of the largest values, at most ``count``; those that round to nothing are left out."""
    queries, keys = np.nonzero(cells)
    # Rounded as it will be shown, so that the order does not hang on noise in the last digit.
    rounded = np.round(values[queries, keys].astype(np.float64), 2) + 0.0
    order = np.lexsort((keys, queries, -rounded))[:count]
    return [Edge(int(queries[i]), int(keys[i]), float(rounded[i])) for i in order if rounded[i] > 0]


def quoted(text: str) -> str:
    """A token as a Python literal on one line, which closes no fence."""
    return repr(text).replace("```", r"\x60" * 3)


def edge_line(edge: Edge, tokens: Sequence[str]) -> str:
    """``'dog'[7] -> 'the'[6] (0.42)``."""
    query, key = quoted(tokens[edge.query]), quoted(tokens[edge.key])
    return f"{query}[{edge.query}] -> {key}[{edge.key}] ({edge.weight:.2f})"


def numbered(text: HeadText) -> str:
    """A whole text with the places of its tokens: ``0:<s> 1:Once 2:up 3:+on``, a + where a word goes on."""
    return " ".join(
        f"{place}:{'+' if goes_on else ''}{_plain(token)}"
        for place, (token, goes_on) in enumerate(zip(text.tokens, text.goes_on, strict=True))
    )


def _plain(token: str) -> str:
    """A token as it is, or as a literal where it would be taken for something else."""
    return token if token and token.isprintable() and not set(token) & set(" '\"\\`:+") else quoted(token)
