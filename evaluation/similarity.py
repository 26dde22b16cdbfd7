"""How alike two attention patterns are, over the visible cells of a text.

Shapes: t texts, q queries, n keys; patterns are row-stochastic and 0 in invisible cells.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

_TINY = 1e-12
_CACHED_CELLS = 1_000_000


@dataclass(frozen=True)
class Similarity:
    """Figures a text, each of shape (t,).

    Attributes:
        iou: sum of the smaller over sum of the larger of each cell; 1 is equal.
        cross_entropy: of the head's rows under the program's, nats, mean over query rows.
        jsd: Jensen-Shannon distance, base 2 (the root of the divergence), mean over query rows; 0 is equal.
    """

    iou: Tensor
    cross_entropy: Tensor
    jsd: Tensor


def similarity(pattern: Tensor, target: Tensor) -> Similarity:
    """Compare a program's patterns with a head's.

    Args:
        pattern: the program's, shape (t, q, n).
        target: the head's, shape (t, q, n).
    """
    rows = (target.sum(-1) > 0).sum(-1).clamp(min=1)
    smaller, larger = torch.minimum(pattern, target), torch.maximum(pattern, target)
    cross = -(target * pattern.clamp(min=_TINY).log()).sum((1, 2)) / rows
    middle = ((pattern + target) / 2).clamp(min=_TINY).log2()
    divergence = (
        (target * (target.clamp(min=_TINY).log2() - middle)).sum(-1)
        + (pattern * (pattern.clamp(min=_TINY).log2() - middle)).sum(-1)
    ) / 2
    return Similarity(
        iou=smaller.sum((1, 2)) / larger.sum((1, 2)).clamp(min=_TINY),
        cross_entropy=cross,
        jsd=divergence.clamp(min=0).sqrt().sum(-1) / rows,
    )


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
    mass = targets.sum(-1)[:, None, :].clamp(min=_TINY)  # (t, 1, h): the number of query rows
    smaller = _intersections(patterns, targets)
    union = patterns.sum(-1)[:, :, None] + mass - smaller
    cross = -(patterns.clamp(min=_TINY).log() @ targets.transpose(1, 2)) / mass
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
