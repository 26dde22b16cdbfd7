"""How alike two attention patterns are, over the visible cells of a text.

Shapes: t texts, q queries, n keys; patterns are 0 in invisible cells. A program's rows sum to one. A head's may sum to
less, where the rest of its attention goes to no key: a program that gives that to keys differs by it.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from evaluation.row_mass import row_mass
from surrogates.language.backend import LOWEST

_TINY = 1e-12
_CACHED_CELLS = 1_000_000


@dataclass(frozen=True)
class Similarity:
    """Figures a text, each of shape (t,).

    Attributes:
        iou: sum of the smaller over sum of the larger of each cell; 1 is equal.
        cross_entropy: of the head's rows under the program's, nats, mean over query rows.
        jsd: Jensen-Shannon distance, base 2 (the root of the divergence), mean over query rows; 0 is equal. What is
            missing of a row counts as one more cell.
    """

    iou: Tensor
    cross_entropy: Tensor
    jsd: Tensor


@dataclass(frozen=True)
class RowSimilarity:
    """What the figures of texts add up from, of each query row; each of shape (t, q).

    Attributes:
        smaller, larger: sums of the smaller and of the larger of each cell.
        cross_entropy, jsd: of the row.
        seeing: rows in which there is anything.
    """

    smaller: Tensor
    larger: Tensor
    cross_entropy: Tensor
    jsd: Tensor
    seeing: Tensor

    def over(self, chosen: Tensor) -> Similarity:
        """Figures over some of the rows that see anything: a mask, shape (t, q); 0 of a text with none of them."""
        rows = chosen.sum(-1).clamp(min=1)
        smaller, larger, cross, jsd = (
            (own * chosen).sum(-1) for own in (self.smaller, self.larger, self.cross_entropy, self.jsd)
        )
        return Similarity(iou=smaller / larger.clamp(min=_TINY), cross_entropy=cross / rows, jsd=jsd / rows)


def similarity(pattern: Tensor, target: Tensor) -> Similarity:
    """Compare a program's patterns with a head's.

    Args:
        pattern: the program's, shape (t, q, n).
        target: the head's, shape (t, q, n).
    """
    rows = compare_rows(pattern, target)
    return rows.over(rows.seeing)


def compare_rows(pattern: Tensor, target: Tensor) -> RowSimilarity:
    """The same row by row."""
    seeing = (target.sum(-1) > 0) | (pattern.sum(-1) > 0)
    middle = ((pattern + target) / 2).clamp(min=_TINY).log2()
    divergence = (
        (target * (target.clamp(min=_TINY).log2() - middle)).sum(-1)
        + (pattern * (pattern.clamp(min=_TINY).log2() - middle)).sum(-1)
    ) / 2
    mass = row_mass(target.sum(-1), seeing)
    if mass is not None:
        divergence += (1 - mass) / 2  # all of that cell is the head's
    return RowSimilarity(
        smaller=torch.minimum(pattern, target).sum(-1),
        larger=torch.maximum(pattern, target).sum(-1),
        cross_entropy=-(target * pattern.clamp(min=_TINY).log()).sum(-1),
        jsd=divergence.clamp(min=0).sqrt(),
        seeing=seeing,
    )


class Reference:
    """A head's patterns on some texts, and what every comparison of programs with them needs, worked out once.

    The figures are those of :func:`similarity`, to rounding. NumPy takes a third of the time of torch for logarithms.

    Args:
        target: the head's, shape (t, q, n).
        visible: cells a query may see, shape (t, q, n).
    """

    def __init__(self, target: Tensor, visible: Tensor) -> None:
        seeing = visible.any(-1)
        mass = row_mass(target.sum(-1), seeing)
        self.target = target.numpy()
        self.logs = np.log(np.maximum(self.target, _TINY))
        self.rows = np.maximum(seeing.sum(-1).numpy(), 1)
        self.missing = None if mass is None else (1 - mass).numpy()
        self.mass = self.target.sum((1, 2))
        self.ceiling = np.where(visible.numpy(), np.float32(np.inf), np.float32(-np.inf))
        nothing = ~seeing.numpy()
        self.empty = nothing if nothing.any() else None

    def compare(self, scores: Tensor) -> "Compared":
        """Scores of a program, broadcastable to the patterns' shape, as a pattern beside the head's."""
        # The smaller of the two, and the other where one is no number: a score that nobody sees may be none.
        cells = np.fmin(np.maximum(scores.numpy(), np.float32(LOWEST)), self.ceiling)
        logs = torch.log_softmax(torch.from_numpy(cells), dim=-1).numpy()
        np.maximum(logs, np.float32(math.log(_TINY)), out=logs)
        if self.empty is not None:
            logs[self.empty] = math.log(_TINY)
        return Compared(self, logs)


class Compared:
    """A program's pattern beside a head's; figures a text, each of shape (t,), which take their time when asked for.

    Attributes:
        pattern: the program's, shape (t, q, n); a millionth of a millionth where it is less.
    """

    def __init__(self, reference: Reference, logs: np.ndarray) -> None:
        self._reference = reference
        self._logs = logs
        self.pattern = np.exp(logs)

    @cached_property
    def iou(self) -> np.ndarray:
        smaller = np.minimum(self.pattern, self._reference.target).sum((1, 2))
        larger = self.pattern.sum((1, 2)) + self._reference.mass - smaller
        return smaller / np.maximum(larger, _TINY)

    @cached_property
    def cross_entropy(self) -> np.ndarray:
        return -_dots(self._reference.target, self._logs).sum(-1) / self._reference.rows

    @cached_property
    def jsd(self) -> np.ndarray:
        middle = self.pattern + self._reference.target
        np.log(np.maximum(middle, 2 * _TINY, out=middle), out=middle)
        middle -= np.float32(math.log(2))
        divergence = _dots(self._reference.target, self._reference.logs - middle)
        divergence += _dots(self.pattern, np.subtract(self._logs, middle, out=middle))
        if self._reference.missing is not None:
            divergence += self._reference.missing * math.log(2)
        return np.sqrt(np.maximum(divergence / (2 * math.log(2)), 0)).sum(-1) / self._reference.rows


def _dots(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Sums of products along rows: (t, q, n) twice -> (t, q)."""
    return np.einsum("tqn,tqn->tq", a, b)


def similarity_matrix(patterns: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """IoU and cross-entropy of every program with every head, mean over texts.

    The union of two cells is their sum less the intersection, so only intersections are summed pair by pair; the
    cross-entropies are one matrix product.

    Args:
        patterns: of p programs, shape (t, p, cells); the same cells as the heads', 0 in padding.
        targets: of h heads, shape (t, h, cells).

    Returns:
        IoU and cross-entropy (nats a query row), each of shape (p, h).
    """
    mass = targets.sum(-1)[:, None, :].clamp(min=_TINY)  # (t, 1, h)
    rows = patterns.sum(-1)[:, :, None]  # (t, p, 1): their number, unless a program gave none
    smaller = _intersections(patterns, targets)
    union = rows + mass - smaller
    cross = -(patterns.clamp(min=_TINY).log() @ targets.transpose(1, 2)) / rows.clamp(min=1)
    return (smaller / union).mean(0), cross.mean(0)


def _intersections(patterns: Tensor, targets: Tensor) -> Tensor:
    """Sum of the smaller of each cell, shape (t, p, h)."""
    texts, programs, cells = patterns.shape
    heads = targets.shape[1]
    found = patterns.new_empty(texts, programs, heads)
    # So many programs at a time that what one operation writes the next still finds in a CPU's cache.
    size = max(1, _CACHED_CELLS // (heads * cells))
    buffer = patterns.new_empty(size, heads, cells)
    for text in range(texts):
        for start in range(0, programs, size):
            some = patterns[text, start : start + size, None]
            smaller = torch.minimum(some, targets[text], out=buffer[: len(some)])
            torch.sum(smaller, dim=-1, out=found[text, start : start + size])
    return found
