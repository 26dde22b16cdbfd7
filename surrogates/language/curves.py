"""What `curve` computes: a line through knots, straight between them on a logarithmic scale and flat beyond."""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

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
    inner, left, steps = _marks(backend, getattr(x, "device", None), tuple(knots))
    scaled = backend.log_scale(x)
    place = backend.bucket(scaled, inner)
    way = (scaled - backend.take(left, place)) / backend.take(steps, place)
    return Bins(place, backend.clip(way, 0.0, 1.0))


@lru_cache(maxsize=1024)
def _marks(backend: Backend, device: Any, knots: tuple[float, ...]) -> tuple[Array, Array, Array]:
    """Where the inner knots and all but the last lie on the scale, and the steps there; brought to a device once."""
    marks = np.array([log_scale(knot) for knot in knots])
    inner, left, steps = (
        backend.array(row.astype(np.float32), device) for row in (marks[1:-1], marks[:-1], np.diff(marks))
    )
    return inner, left, steps


def height(backend: Backend, values: Array, bins: Bins) -> Array:
    """The curve where the numbers lie, given its values at the knots, shape (knots,)."""
    steps = values[1:] - values[:-1]
    return backend.plus_product(backend.take(values, bins.place), bins.fraction, backend.take(steps, bins.place))
