"""The rows of an evaluation's tables, such as ``pandas.DataFrame`` takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

from evaluation.measurements import Measurements
from evaluation.orders import Order

Replacement = Literal["program", "uniform", "first", "zero"]
REPLACEMENTS: tuple[Replacement, ...] = ("program", "uniform", "first", "zero")
Alone = Literal["program", "zero", "uniform", "mean"]
ALONE: tuple[Alone, ...] = ("program", "zero", "uniform", "mean")


@dataclass(frozen=True)
class Row:
    """Test texts with the first ``heads`` heads of an order replaced.

    Attributes:
        increase: in perplexity, relative to the model as it is: 0.05 is +5 %; ``low`` and ``high`` bound the 95 %
            bootstrap interval.
        divergence: KL(unpatched || patched) of the next-token distribution, nats a token.
        agreement: share of the tokens for which the likeliest one is that of the model as it is.
        kept_neural: (text, head) pairs in which the head computed its own pattern, its program having failed.
        baseline_perplexity: of the model as it is.
        texts: how many were measured.
    """

    order: Order
    replacement: Replacement
    fraction: float
    heads: int
    increase: float
    low: float
    high: float
    divergence: float
    agreement: float
    kept_neural: int
    baseline_perplexity: float
    texts: int

    @classmethod
    def of(
        cls, found: Measurements, arm: str, order: Order, replacement: Replacement, fraction: float, heads: int
    ) -> Self:
        return cls(
            order, replacement, fraction, heads, *found.increase(arm), found.divergence(arm).mean,
            found.agreement(arm).mean, found.kept(arm), found.perplexity(), found.texts,
        )  # fmt: skip


@dataclass(frozen=True)
class Control:
    """Test texts with something that should do worse in the place of a share of the heads; figures as in :class:`Row`.

    Attributes:
        worse: by how much its increase is above that of the right assignment, with its 95 % interval, in pairs.
    """

    control: str
    heads: int
    increase: float
    low: float
    high: float
    worse: float
    worse_low: float
    worse_high: float
    divergence: float
    agreement: float
    texts: int

    @classmethod
    def of(cls, found: Measurements, name: str, right: str, heads: int) -> Self:
        """That of the arm of its name, beside the arm of the right assignment."""
        return cls(
            name, heads, *found.increase(name), *found.further_increase(name, right), found.divergence(name).mean,
            found.agreement(name).mean, found.texts,
        )  # fmt: skip


@dataclass(frozen=True)
class Within:
    """The most heads of an order whose replacement stays within a budget, chosen on validation texts.

    Attributes:
        budget: relative increase in perplexity.
        validation_increase: on the texts that chose; ``increase`` and its interval are those of test texts.
    """

    order: Order
    budget: float
    heads: int
    fraction: float
    validation_increase: float
    increase: float
    low: float
    high: float
    texts: int


@dataclass(frozen=True)
class Effect:
    """Test texts with one head replaced alone.

    Attributes:
        loss: by how much that of a token grows, nats; ``low`` and ``high`` bound its 95 % interval.
        divergence: KL(unpatched || patched) of the next-token distribution, nats a token.
        agreement: share of the tokens for which the likeliest one is that of the model as it is.
        recovered: share of the head's effect that is kept: 1 - the divergence / that of zero, with its 95 % interval.
    """

    head: str
    replacement: Alone
    loss: float
    low: float
    high: float
    divergence: float
    agreement: float
    recovered: float
    recovered_low: float
    recovered_high: float
    texts: int

    @classmethod
    def of(cls, found: Measurements, head: str, replacement: Alone) -> Self:
        """That of an arm called :func:`alone`."""
        arm = alone(head, replacement)
        divergence, agreement = found.divergence(arm).mean, found.agreement(arm).mean
        recovered = found.recovered(arm, alone(head, "zero"))
        return cls(head, replacement, *found.loss(arm), divergence, agreement, *recovered, found.texts)


def alone(head: str, replacement: Alone) -> str:
    """What the arm is called in which one head alone is replaced."""
    return f"{head}, {replacement}"


@dataclass(frozen=True)
class Evaluation:
    """All that was measured of a run.

    Attributes:
        perplexity: of the model as it is, on the ``texts`` test texts of the sweep.
        controls_fraction: share of the heads that controls replace.
        left_out: what was not measured, a line each.
    """

    perplexity: float
    texts: int
    sweep: Sequence[Row]
    controls: Sequence[Control]
    controls_fraction: float
    within: Sequence[Within]
    effects: Sequence[Effect]
    left_out: Sequence[str]
