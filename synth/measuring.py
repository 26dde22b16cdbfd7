"""What a run's model loses with its heads replaced, as rows."""

from collections.abc import Sequence
from contextlib import closing, nullcontext

from evaluation.measuring import NoStore, PatchedModel
from evaluation.orders import Order
from surrogates.errors import InputError
from surrogates.running.plan import OnError
from synth.asked import FRACTIONS, SWEPT, Asked, as_shares
from synth.attention import open_store
from synth.evaluation_rows import Evaluation, Row
from synth.evaluator import Evaluator
from synth.measurement_file import FILE_NAME, MeasurementFile, can_be_kept
from synth.progress import Reporter
from synth.run import Run


def evaluate(
    run: Run,
    fractions: Sequence[float] = FRACTIONS,
    *,
    orders: Sequence[Order] = SWEPT,
    texts: int | None = None,
    minutes: float | None = None,
    device: str = "cpu",
    on_error: OnError = "raise",
    reporter: Reporter | None = None,
) -> list[Row]:
    """Perplexity as more and more heads are replaced by the programs that stand in for them, and by baselines.

    Args:
        run: a finished run on a causal language model.
        fractions: shares of the heads to replace, above 0 and at most 1.
        orders: which heads go first: ``iou``, ``effect``, ``greedy`` or ``random``.
        texts: most test texts; as many as are affordable by default, all of a small model's.
        minutes: how long it may take, in the place of what is affordable.
        device: where the model runs, unless it was given in memory.
        on_error: when a program fails on a text: ``raise``, or ``neural``, which leaves the head its own pattern there.
        reporter: where progress is shown.

    Returns:
        A row for each order, replacement and fraction, such as ``pandas.DataFrame`` takes.

    Raises:
        InputError: the run is not finished, its model cannot be loaded or is an encoder, or a fraction is out of range.
        ProgramFailed: a program failed, and failures are to raise.
    """
    asked = Asked(
        as_shares(fractions),
        orders,
        controls=None,
        effects=False,
        texts=texts,
        minutes=minutes,
        device=device,
        on_error=on_error,
    )
    return list(evaluate_all(run, asked, reporter).sweep)


def evaluate_all(run: Run, asked: Asked, reporter: Reporter | None = None) -> Evaluation:
    """All that was asked for. Figures are kept in the run as they come, and what is there is not measured again.

    Raises:
        InputError: see :func:`evaluate`; or the file of figures cannot be used.
        ProgramFailed: a program failed, and failures are to raise.
    """
    asked.check()
    reporter = reporter or Reporter()
    programs = run.assignment
    if not run.material.causal:
        raise InputError(
            f"{run.settings.model} is an encoder, which has no perplexity; evaluate a causal language model"
        )
    loaded = run.model(asked.device)
    kept = can_be_kept(run.path)
    if not kept:
        reporter.say(f"{run.path} can only be read; figures are not kept")
    file = run.path / FILE_NAME
    with closing(MeasurementFile(file, open_store(run.attention).model)) if kept else nullcontext(NoStore()) as store:
        if len(programs) < len(loaded.heads):
            reporter.say(
                f"{len(programs)} of the model's {len(loaded.heads)} heads have programs; fractions are of these"
            )
        patched = PatchedModel(loaded.model, loaded.tokenizer, asked.on_error)
        return Evaluator(run, patched, loaded.heads, store, reporter, asked).evaluation()
