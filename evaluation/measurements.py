"""What was measured of assignments, text by text, and the figures that follow from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evaluation.intervals import Interval, ratio_interval, resampled

UNPATCHED = "unpatched"
"""The arm in which nothing is assigned: the model as it is."""
_TINY = 1e-9
"""Nats that are as good as none."""


@dataclass(frozen=True)
class Figures:
    """What one arm gives on one text, summed over its predicted tokens.

    Attributes:
        loss: of the next token, or the masked one, nats.
        divergence: KL(unpatched || patched) of the distribution of that token, nats.
        same: tokens for which the likeliest one is that of the unpatched model.
        kept: heads that computed their own pattern, their program having failed.
    """

    loss: float
    divergence: float
    same: int
    kept: int = 0


@dataclass(frozen=True)
class Measurements:
    """Raw figures of several arms on the same texts; every table follows from them.

    Attributes:
        tokens: predicted ones of each text, shape (texts,).
        figures: of each arm, one a text; ``UNPATCHED`` is one of them.
    """

    tokens: np.ndarray
    figures: Mapping[str, Sequence[Figures]]

    @property
    def texts(self) -> int:
        return len(self.tokens)

    def put_together(self, texts: Sequence[int]) -> "Measurements":
        """What was measured of parts of texts, summed text by text.

        Args:
            texts: the number of each part's text, shape (parts,).
        """
        numbers = sorted(set(texts))
        rows: dict[int, list[int]] = {number: [] for number in numbers}
        for part, number in enumerate(texts):
            rows[number].append(part)
        tokens = np.array([self.tokens[parts].sum() for parts in rows.values()])
        return Measurements(
            tokens,
            {
                arm: [_sum([figures[part] for part in parts]) for parts in rows.values()]
                for arm, figures in self.figures.items()
            },
        )

    def perplexity(self, arm: str = UNPATCHED) -> float:
        return float(np.exp(self._values(arm, "loss").sum() / self.tokens.sum()))

    def increase(self, arm: str) -> Interval:
        """Relative increase in perplexity (0.05 is +5 %)."""
        change = ratio_interval(self._change(arm), self.tokens)
        return Interval(*(float(np.expm1(value)) for value in change))

    def further_increase(self, arm: str, than: str) -> Interval:
        """By how much the increase of one arm is above another's (0.05 is five percentage points), in pairs."""
        own, other = self._change(arm), self._change(than)

        def difference(counts: np.ndarray) -> np.ndarray:
            tokens = counts @ self.tokens
            return np.expm1(counts @ own / tokens) - np.expm1(counts @ other / tokens)

        return resampled(difference, self.texts)

    def gone(self, arm: str, than: str) -> Interval:
        """Share of one arm's increase that another does not have."""
        own, other = self._change(arm), self._change(than)

        def share(counts: np.ndarray) -> np.ndarray:
            tokens = counts @ self.tokens
            return 1 - np.expm1(counts @ own / tokens) / np.expm1(counts @ other / tokens)

        return resampled(share, self.texts)

    def loss(self, arm: str) -> Interval:
        """By how much the loss of a token grows, nats."""
        return ratio_interval(self._change(arm), self.tokens)

    def divergence(self, arm: str) -> Interval:
        """KL(unpatched || patched) of a token, nats."""
        return ratio_interval(self._values(arm, "divergence"), self.tokens)

    def further_divergence(self, arm: str, than: str) -> Interval:
        """By how much the divergence of one arm is above another's, in pairs."""
        return ratio_interval(self._values(arm, "divergence") - self._values(than, "divergence"), self.tokens)

    def agreement(self, arm: str) -> Interval:
        """Share of the tokens for which the likeliest one is that of the unpatched model."""
        return ratio_interval(self._values(arm, "same"), self.tokens)

    def recovered(self, arm: str, destroyed: str) -> Interval:
        """Share of what another arm destroys that this one keeps: 1 - its divergence / the other's."""
        own, other = self._values(arm, "divergence"), self._values(destroyed, "divergence")

        def share(counts: np.ndarray) -> np.ndarray:
            return 1 - (counts @ own) / np.maximum(counts @ other, _TINY)

        return resampled(share, self.texts)

    def kept(self, arm: str) -> int:
        """(Text, head) pairs in which a head computed its own pattern, its program having failed."""
        return int(self._values(arm, "kept").sum())

    def _change(self, arm: str) -> np.ndarray:
        return self._values(arm, "loss") - self._values(UNPATCHED, "loss")

    def _values(self, arm: str, name: str) -> np.ndarray:
        return self._columns[arm, name]

    @cached_property
    def _columns(self) -> dict[tuple[str, str], np.ndarray]:
        names = ("loss", "divergence", "same", "kept")
        return {
            (arm, name): np.array([getattr(own, name) for own in figures], dtype=float)
            for arm, figures in self.figures.items()
            for name in names
        }


def _sum(figures: Sequence[Figures]) -> Figures:
    return Figures(
        sum(own.loss for own in figures),
        sum(own.divergence for own in figures),
        sum(own.same for own in figures),
        sum(own.kept for own in figures),
    )
