"""Bootstrap intervals over texts."""

from collections.abc import Callable
from functools import lru_cache
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
    return resampled(lambda counts: (counts @ numerators) / (counts @ denominators), len(numerators), seed)


def resampled(figure: Callable[[np.ndarray], np.ndarray], texts: int, seed: int = 0) -> Interval:
    """Interval of a figure of several texts, which are resampled as wholes.

    Args:
        figure: is given how often each text counts, shape (samples, texts), and gives a figure of each sample.
        texts: how many there are.
    """
    low, high = np.percentile(figure(_counts(texts, seed)), [2.5, 97.5])
    return Interval(float(figure(np.ones((1, texts)))[0]), float(low), float(high))


@lru_cache(maxsize=4)
def _counts(texts: int, seed: int) -> np.ndarray:
    """How often each resample holds each text, shape (resamples, texts); the same for every program of a run."""
    chosen = np.random.default_rng(seed).integers(0, texts, size=(RESAMPLES, texts))
    places = np.arange(RESAMPLES)[:, None] * texts + chosen
    return np.bincount(places.ravel(), minlength=RESAMPLES * texts).reshape(RESAMPLES, texts).astype(float)
