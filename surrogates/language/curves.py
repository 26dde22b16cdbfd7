"""What `curve` computes: a line through knots, straight between them on a logarithmic scale and flat beyond."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from surrogates.language.backend import Array, Backend


class Bins(NamedTuple):
    """Where numbers lie between knots.

    Attributes:
        place: of the knot to the left, whole numbers from 0; the last knot is to the left of none.
        fraction: of the way to the next knot, 0 to 1.
    """

    place: Array
    fraction: Array

    @property
    def nbytes(self) -> int:
        return self.place.nbytes + self.fraction.nbytes


def log_scale(knot: float) -> float:
    """Where a knot stands on the scale: sign(x) * log(1 + abs(x))."""
    return math.copysign(math.log1p(abs(knot)), knot)


def bins_of(backend: Backend, x: Array, knots: Sequence[float]) -> Bins:
    """Where numbers lie.

    Args:
        x: numbers, any shape.
        knots: two or more, increasing.
    """
    marks = np.array([log_scale(knot) for knot in knots])

    def row(values: np.ndarray) -> Array:
        return backend.array(values.astype(np.float32), x)

    scaled = backend.log_scale(x)
    place = backend.bucket(scaled, row(marks[1:-1]))
    way = (scaled - backend.take(row(marks[:-1]), place)) / backend.take(row(np.diff(marks)), place)
    return Bins(place, backend.clip(way, 0.0, 1.0))


def height(backend: Backend, values: Array, bins: Bins) -> Array:
    """The curve where the numbers lie, given its values at the knots, shape (knots,)."""
    steps = values[1:] - values[:-1]
    return backend.plus_product(backend.take(values, bins.place), bins.fraction, backend.take(steps, bins.place))
