"""What a run's model loses with its heads replaced, as rows."""

from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.sweep import Order, PatchedModel, Replacement, measure_effects, sweep
from surrogates.errors import InputError
from surrogates.library.heads import Head
from surrogates.running.plan import OnError
from synth.progress import Reporter
from synth.run import Run

FRACTIONS = (0.1, 0.25, 0.5, 0.75, 1.0)
EFFECT_TEXTS = 50
"""Validation texts on which each head's own effect is measured."""


@dataclass(frozen=True)
class Row:
    """Perplexity on test texts with the first ``heads`` heads of an order replaced.

    Attributes:
        increase: relative to the model as it is: 0.05 is +5 %; ``low`` and ``high`` bound the 95 % bootstrap interval.
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
    kept_neural: int
    baseline_perplexity: float
    texts: int


def evaluate(
    run: Run,
    fractions: Sequence[float] = FRACTIONS,
    *,
    device: str = "cpu",
    on_error: OnError = "raise",
    reporter: Reporter | None = None,
) -> list[Row]:
    """Perplexity as more and more heads are replaced by the programs that stand in for them, and by baselines.

    Args:
        run: a finished run on a causal language model.
        fractions: shares of the heads to replace, above 0 and at most 1.
        device: where the model runs, unless it was given in memory.
        on_error: when a program fails on a text: ``raise``, or ``neural``, which leaves the head its own pattern there.
        reporter: where progress is shown.

    Returns:
        A row for each order, replacement and fraction, such as ``pandas.DataFrame`` takes.

    Raises:
        InputError: the run is not finished, its model cannot be loaded or is an encoder, or a fraction is out of range.
        ProgramFailed: a program failed, and failures are to raise.
    """
    try:
        shares = [float(share) for share in fractions]
    except (TypeError, ValueError):
        shares = []
    if not shares or not all(0 < share <= 1 for share in shares):
        raise InputError(f"the fractions {fractions!r} are no shares; give numbers above 0 and at most 1")
    reporter = reporter or Reporter()
    programs = run.assignment
    if not run.material.causal:
        raise InputError(
            f"{run.settings.model} is an encoder, which has no perplexity; evaluate a causal language model"
        )
    validation, test = run.ids("validation")[:EFFECT_TEXTS], run.ids("test")
    loaded = run.model(device)
    if len(programs) < len(loaded.heads):
        reporter.say(f"{len(programs)} of the model's {len(loaded.heads)} heads have programs; fractions are of these")
    patched = PatchedModel(loaded.model, loaded.tokenizer, on_error)
    with reporter.stage("effect of each head") as step:
        effects = measure_effects(patched, programs, validation, step)
    orders: dict[Order, list[Head]] = {
        "iou": list(programs),
        "effect": sorted(programs, key=lambda head: (effects[head], head)),
    }
    with reporter.stage("perplexity") as step:
        unpatched, points = sweep(patched, programs, orders, shares, test, step)
    return [
        Row(p.order, p.replacement, p.fraction, p.heads, *p.increase, p.kept, unpatched.perplexity, len(test))
        for p in points
    ]
