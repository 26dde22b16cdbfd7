"""Metrics of a task with their intervals over items."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from evaluation.intervals import Interval, ratio_interval


@dataclass(frozen=True)
class Figure:
    """One metric of a task, a figure an item; both of shape (items,).

    The metric is the sum of the values over the sum of the weights, or its exponential for a perplexity, whose values
    are losses in nats.
    """

    values: np.ndarray
    weights: np.ndarray
    is_perplexity: bool

    @property
    def interval(self) -> Interval:
        """The metric, with items resampled as wholes."""
        found = ratio_interval(self.values, self.weights)
        return Interval(*np.exp(found).tolist()) if self.is_perplexity else found

    def change(self, unpatched: "Figure") -> Interval:
        """Its difference to the unpatched model's, or the relative increase of a perplexity; items in pairs."""
        found = ratio_interval(self.values - unpatched.values, self.weights)
        return Interval(*np.expm1(found).tolist()) if self.is_perplexity else found


@dataclass(frozen=True)
class TaskFigures:
    """A task's metrics by name, under one assignment.

    Attributes:
        chance: accuracy of guessing, None where the task has no choices.
        kept: (text, head) pairs in which a program failed and the head computed its own pattern.
        cut: requests of which the model could not read the beginning.
    """

    metrics: Mapping[str, Figure]
    items: int
    chance: float | None
    kept: int
    cut: int

    def as_text(self) -> str:
        """All of it as JSON."""
        metrics = {
            name: [own.values.tolist(), own.weights.tolist(), own.is_perplexity] for name, own in self.metrics.items()
        }
        return json.dumps([metrics, self.items, self.chance, self.kept, self.cut])

    @classmethod
    def from_text(cls, text: str) -> Self:
        """What :meth:`as_text` gave."""
        metrics, *others = json.loads(text)
        figures = {
            name: Figure(np.array(values), np.array(weights), is_perplexity)
            for name, (values, weights, is_perplexity) in metrics.items()
        }
        return cls(figures, *others)
