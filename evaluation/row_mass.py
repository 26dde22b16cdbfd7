"""What rows of attention patterns sum to: less than one where part of the attention goes to no key, as to a sink."""

from torch import Tensor, where

HALF = 2**-11 + 2**-12
"""How far half precision moves the sum of a row from one, at most: by 2^-11 of its weights, and by 2^-25 for each that
is below 2^-14, with 8,192 tokens by 2^-12 in all."""


def row_mass(sums: Tensor, seeing: Tensor) -> Tensor | None:
    """Sums of rows, with one in the place of those that rounding alone keeps from it; None where all rows sum to one.

    Args:
        sums: of the cells of each row.
        seeing: rows of queries that see a key, of the same shape; all others count as one.
    """
    missing = seeing & ((sums - 1).abs() > HALF)
    return where(missing, sums, 1.0) if missing.any() else None
