"""Attention patterns as the page has them: the weights of visible cells in a byte each."""

import numpy as np

_ROUNDING = 1e-3
"""How far the sum of a row may be from one and still pass for it."""


def coded(pattern: np.ndarray, visible: np.ndarray, levels: int) -> np.ndarray:
    """Each visible cell's weight p as round(sqrt(p) * levels), row by row: small weights are told apart.

    Args:
        pattern: shape (n, n).
        visible: which cells a query may see, of the same shape.
        levels: 255 at most.
    """
    return np.rint(np.sqrt(np.clip(pattern[visible], 0, 1)) * levels).astype(np.uint8)


def row_sums(pattern: np.ndarray) -> np.ndarray | None:
    """What the rows of a pattern, shape (n, n), sum to: float32, shape (n,); None where all sum to one."""
    sums = pattern.sum(-1, dtype=np.float64)
    return None if (np.abs(sums - 1) <= _ROUNDING).all() else sums.astype(np.float32)
