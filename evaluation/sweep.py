"""Perplexity as more and more heads are replaced, by programs and by baselines that explain nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from evaluation.intervals import Interval
from evaluation.perplexity import Losses, increase, measure_losses
from surrogates.language.program import Program
from surrogates.library.heads import Head
from surrogates.running.assignment import Assignment, Baseline
from surrogates.running.patching import patch
from surrogates.running.plan import OnError

Order = Literal["iou", "effect"]
Replacement = Literal["program", "uniform", "first", "zero"]
REPLACEMENTS: tuple[Replacement, ...] = ("program", "uniform", "first", "zero")


@dataclass(frozen=True)
class Point:
    """Perplexity with the first ``heads`` heads of an order replaced, relative to the model as it is."""

    order: Order
    replacement: Replacement
    fraction: float
    heads: int
    increase: Interval
    kept: int = 0  # (text, head) pairs in which the head computed its own pattern, its program having failed


@dataclass(frozen=True)
class PatchedModel:
    """A model whose losses under assignments are asked for."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    on_error: OnError = "raise"

    def losses(self, ids: Sequence[Sequence[int]], assignment: Assignment) -> Losses:
        with patch(self.model, self.tokenizer, assignment, on_error=self.on_error) as failures:
            losses = measure_losses(self.model, ids)
        return losses._replace(kept=failures.texts.total())


def measure_effects(
    patched: PatchedModel,
    programs: Mapping[Head, Program],
    ids: Sequence[Sequence[int]],
    progress: Callable[[int, int], None],
) -> dict[Head, float]:
    """Each head's own effect: the increase in perplexity when its program alone stands in, on validation texts."""
    unpatched = patched.losses(ids, {})
    effects = {}
    for done, (head, program) in enumerate(sorted(programs.items()), start=1):
        effects[head] = increase(patched.losses(ids, {head: program}), unpatched).mean
        progress(done, len(programs))
    return effects


def sweep(
    patched: PatchedModel,
    programs: Mapping[Head, Program],
    orders: Mapping[Order, Sequence[Head]],
    fractions: Sequence[float],
    ids: Sequence[Sequence[int]],
    progress: Callable[[int, int, str], None],
) -> tuple[Losses, list[Point]]:
    """The unpatched losses on test texts, and a point for each order, replacement and fraction.

    Args:
        patched: the model.
        programs: each head's surrogate.
        orders: which heads go first.
        fractions: shares of the heads to replace, of which at least one head is.
        ids: token ids of the test texts.
        progress: told the points done, their number and the figure just found.
    """
    unpatched = patched.losses(ids, {})
    total = len(orders) * len(REPLACEMENTS) * len(fractions)
    measured: dict[tuple[Replacement, frozenset[Head]], tuple[Interval, int]] = {}
    points: list[Point] = []
    for order, heads in orders.items():
        for replacement in REPLACEMENTS:
            for fraction in fractions:
                chosen = first_heads(heads, fraction)
                key = (replacement, frozenset(chosen))
                # With all heads replaced the orders agree, so that is measured once.
                if key not in measured:
                    assignment = _assignment(replacement, chosen, programs)
                    losses = patched.losses(ids, assignment)
                    measured[key] = increase(losses, unpatched), losses.kept
                points.append(Point(order, replacement, fraction, len(chosen), *measured[key]))
                figure = f"{replacement}, {len(chosen)} heads: {points[-1].increase.mean:+.1%}"
                progress(len(points), total, figure)
    return unpatched, points


def first_heads(heads: Sequence[Head], fraction: float) -> Sequence[Head]:
    """The first of an order of heads, as many as the fraction says, at least one."""
    return heads[: max(1, round(fraction * len(heads)))]


def _assignment(replacement: Replacement, heads: Sequence[Head], programs: Mapping[Head, Program]) -> Assignment:
    if replacement == "program":
        return {head: programs[head] for head in heads}
    return dict.fromkeys(heads, Baseline(replacement))
