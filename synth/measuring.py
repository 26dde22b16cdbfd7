"""What a run's model loses with its heads replaced, as rows."""

from collections.abc import Mapping, Sequence

from evaluation.measuring import NoStore
from evaluation.orders import Order
from surrogates.language.program import Program
from surrogates.library.heads import Head
from surrogates.library.library import FITTED
from surrogates.running.plan import OnError
from synth.asked import FRACTIONS, SWEPT, Asked, as_shares
from synth.attention import open_store
from synth.embedding_evaluator import EmbeddingEvaluator
from synth.evaluation_rows import EmbeddingEvaluation, EmbeddingRow, Evaluation, Row
from synth.evaluator import Evaluator
from synth.fingerprint import model_fingerprint
from synth.masked_models import with_masked_head
from synth.measurement_file import keeping
from synth.models import LoadedModel
from synth.other_corpora import OtherCorpus, read_corpus
from synth.progress import Reporter
from synth.run import Run


def evaluate(
    run: Run,
    fractions: Sequence[float] = FRACTIONS,
    *,
    orders: Sequence[Order] = SWEPT,
    assignment: str = FITTED,
    texts: int | None = None,
    minutes: float | None = None,
    device: str = "cpu",
    on_error: OnError = "raise",
    reporter: Reporter | None = None,
) -> list[Row] | list[EmbeddingRow]:
    """Perplexity as more and more heads are replaced by the programs that stand in for them, and by baselines.

    Args:
        run: a finished run. Of an encoder it is pseudo-perplexity; or, where it has no masked-language head, embeddings
            of the texts are compared.
        fractions: shares of the heads to replace, above 0 and at most 1.
        orders: which heads go first: ``iou``, ``effect``, ``greedy`` or ``random``.
        assignment: name of the programs in place, one of ``run.assignments``.
        texts: most test texts; as many as are affordable by default, all of a small model's.
        minutes: how long it may take, in the place of what is affordable.
        device: where the model runs, unless it was given in memory.
        on_error: when a program fails on a text: ``raise``, or ``neural``, which leaves the head its own pattern there.
        reporter: where progress is shown.

    Returns:
        A row for each order, replacement and fraction, such as ``pandas.DataFrame`` takes.

    Raises:
        InputError: the run is not finished, its model cannot be loaded, or a fraction is out of range.
        ProgramFailed: a program failed, and failures are to raise.
    """
    asked = Asked(
        as_shares(fractions),
        orders,
        controls=None,
        effects=False,
        assignment=assignment,
        texts=texts,
        minutes=minutes,
        device=device,
        on_error=on_error,
    )
    return list(evaluate_all(run, asked, reporter).sweep)  # type: ignore[return-value]


def evaluate_all(run: Run, asked: Asked, reporter: Reporter | None = None) -> Evaluation | EmbeddingEvaluation:
    """All that was asked for. Figures are kept in the run as they come, and what is there is not measured again.

    An encoder's pseudo-perplexity is measured; or its embeddings are compared, where it has no masked-language head.

    Raises:
        InputError: see :func:`evaluate`; a corpus cannot be read or is too small, something that is asked for does not
            go with embeddings, or the file of figures cannot be used.
        ProgramFailed: a program failed, and failures are to raise.
    """
    asked.check()
    reporter = reporter or Reporter()
    programs = run.assigned(asked.assignment)
    loaded = run.model(asked.device)
    corpora = [read_corpus(run, loaded, *named, reporter.say) for named in asked.corpora.items()]
    if corpora:
        corpora.insert(0, OtherCorpus("", run.ids("test")))
    if not loaded.causal:
        masked = with_masked_head(loaded, run.settings)
        if isinstance(masked, str):
            embeddings = EmbeddingEvaluator(run, loaded, corpora, reporter, asked)
            reporter.say(f"embeddings of {loaded.name} are compared, since {masked}")
            _tell_without(programs, loaded, reporter)
            return embeddings.evaluation()
        loaded = masked
    # A masked-language head is no part of what patterns were made with.
    model = open_store(run.attention).model if loaded.causal else model_fingerprint(loaded)
    with keeping(run.path, model, reporter.say) as file:
        _tell_without(programs, loaded, reporter)
        return Evaluator(run, loaded, corpora, file or NoStore(), reporter, asked).evaluation()


def _tell_without(programs: Mapping[Head, Program], loaded: LoadedModel, reporter: Reporter) -> None:
    if len(programs) < len(loaded.heads):
        reporter.say(f"{len(programs)} of the model's {len(loaded.heads)} heads have programs; fractions are of these")
