"""Bootstrap intervals over texts."""

from typing import NamedTuple

import numpy as np

RESAMPLES = 2000


class Interval(NamedTuple):
    """A mean with its 95 % percentile bootstrap interval."""

    mean: float
    low: float
    high: float


def mean_interval(values: np.ndarray, seed: int = 0) -> Interval:
    """Interval of the mean of one figure a text, shape (texts,)."""
    return ratio_interval(values, np.ones(len(values)), seed)


def ratio_interval(numerators: np.ndarray, denominators: np.ndarray, seed: int = 0) -> Interval:
    """Interval of sum(numerators) / sum(denominators), texts resampled as wholes; both of shape (texts,)."""
    generator = np.random.default_rng(seed)
    chosen = generator.integers(0, len(numerators), size=(RESAMPLES, len(numerators)))
    ratios = numerators[chosen].sum(1) / denominators[chosen].sum(1)
    low, high = np.percentile(ratios, [2.5, 97.5])
    return Interval(float(numerators.sum() / denominators.sum()), float(low), float(high))
