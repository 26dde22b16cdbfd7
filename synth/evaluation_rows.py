"""The rows of an evaluation's tables, such as ``pandas.DataFrame`` takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

from evaluation.measurements import Measurements
from evaluation.orders import Order

Replacement = Literal["program", "uniform", "first", "zero"]
REPLACEMENTS: tuple[Replacement, ...] = ("program", "uniform", "first", "zero")
Measure = Literal["perplexity", "pseudo-perplexity"]
"""Of the next token, or of tokens of an encoder that are masked one at a time."""
RIGHT = "right assignment"
"""What the arm is called that controls are compared with."""
Alone = Literal["program", "zero", "uniform", "mean"]
ALONE: tuple[Alone, ...] = ("program", "zero", "uniform", "mean")


@dataclass(frozen=True)
class Row:
    """Test texts with the first ``heads`` heads of an order replaced.

    Attributes:
        increase: in perplexity, relative to the model as it is: 0.05 is +5 %; ``low`` and ``high`` bound the 95 %
            bootstrap interval.
        divergence: KL(unpatched || patched) of the distribution of the next token, or the masked one, nats a token.
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
    kept_neural: int
    texts: int

    @classmethod
    def of(cls, found: Measurements, name: str, right: str, heads: int) -> Self:
        """That of the arm of its name, beside the arm of the right assignment."""
        return cls(
            name, heads, *found.increase(name), *found.further_increase(name, right), found.divergence(name).mean,
            found.agreement(name).mean, found.kept(name), found.texts,
        )  # fmt: skip


@dataclass(frozen=True)
class Within:
    """The most heads of an order whose replacement stays within a budget, chosen on validation texts.

    Attributes:
        budget: relative increase in perplexity.
        validation_increase: on the texts that chose; ``increase`` and its interval are those of test texts.
        kept_neural: on test texts, as in :class:`Row`.
    """

    order: Order
    budget: float
    heads: int
    fraction: float
    validation_increase: float
    increase: float
    low: float
    high: float
    kept_neural: int
    texts: int


@dataclass(frozen=True)
class Effect:
    """Test texts with one head replaced alone.

    Attributes:
        loss: by how much that of a token grows, nats; ``low`` and ``high`` bound its 95 % interval.
        divergence: KL(unpatched || patched) of the next-token distribution, nats a token.
        agreement: share of the tokens for which the likeliest one is that of the model as it is.
        recovered: share of the head's effect that is kept: 1 - the divergence / that of zero, with its 95 % interval.
        kept_neural: texts on which the program failed; there the head computed its own pattern, and all is recovered.
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
    kept_neural: int
    texts: int

    @classmethod
    def of(cls, found: Measurements, head: str, replacement: Alone) -> Self:
        """That of an arm called :func:`alone`."""
        arm = alone(head, replacement)
        divergence, agreement = found.divergence(arm).mean, found.agreement(arm).mean
        recovered = found.recovered(arm, alone(head, "zero"))
        return cls(head, replacement, *found.loss(arm), divergence, agreement, *recovered, found.kept(arm), found.texts)


def alone(head: str, replacement: Alone) -> str:
    """What the arm is called in which one head alone is replaced."""
    return f"{head}, {replacement}"


@dataclass(frozen=True)
class OnCorpus:
    """Texts of one corpus, of the same length and start as the run's own.

    Attributes:
        corpus: its name; empty for the run's own test texts.
        texts: how many were measured.
        in_run: texts of the corpus that were left out, since they are the run's own.
        iou: of programs with their heads' patterns, mean over heads and then texts, with its 95 % interval.
        sweep: heads replaced by their programs in the first order, at each fraction.
    """

    corpus: str
    texts: int
    in_run: int
    iou: float
    iou_low: float
    iou_high: float
    sweep: "Sequence[Row | EmbeddingRow]"


@dataclass(frozen=True)
class EmbeddingRow:
    """Texts' embeddings with heads replaced, beside those of an encoder as it is; all else as in :class:`Row`.

    Attributes:
        order: or the name of a control.
        cosine: of a text's embedding with that of the model as it is, with its 95 % interval.
        neighbour: share of the texts whose nearest neighbour among all is the same one, with its 95 % interval.
    """

    order: str
    replacement: str
    fraction: float
    heads: int
    cosine: float
    low: float
    high: float
    neighbour: float
    neighbour_low: float
    neighbour_high: float
    kept_neural: int
    texts: int


@dataclass(frozen=True)
class EmbeddingEvaluation:
    """All that was measured of an encoder without a masked-language head; figures as in :class:`Evaluation`."""

    texts: int
    sweep: Sequence[EmbeddingRow]
    controls: Sequence[EmbeddingRow]
    controls_fraction: float
    corpora: Sequence[OnCorpus]
    left_out: Sequence[str]


@dataclass(frozen=True)
class Evaluation:
    """All that was measured of a run.

    Attributes:
        measure: what grows by ``increase`` everywhere.
        perplexity: of the model as it is, on the ``texts`` test texts of the sweep.
        controls_fraction: share of the heads that controls replace.
        corpora: the run's own test texts, and texts that programs were not found on; nothing where none were asked for.
        left_out: what was not measured, a line each.
    """

    measure: Measure
    perplexity: float
    texts: int
    sweep: Sequence[Row]
    controls: Sequence[Control]
    controls_fraction: float
    within: Sequence[Within]
    effects: Sequence[Effect]
    corpora: Sequence[OnCorpus]
    left_out: Sequence[str]
