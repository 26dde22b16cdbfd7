"""What a run's model scores on tasks of lm-evaluation-harness with its heads replaced, as rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from evaluation.arms import content
from evaluation.sweep import first_heads
from evaluation.task_figures import TaskFigures
from surrogates.errors import InputError
from surrogates.language.program import Program
from surrogates.library.heads import Head
from surrogates.library.library import FITTED
from surrogates.running.plan import OnError
from synth.asked import as_shares
from synth.attention import open_store
from synth.measurement_file import MeasurementFile, keeping
from synth.models import LoadedModel, encode
from synth.progress import Reporter, Step
from synth.run import Run

if TYPE_CHECKING:
    from lm_eval.api.task import Task

    from evaluation.harness_model import HarnessModel


@dataclass(frozen=True)
class TaskRow:
    """A metric of a task with the first ``heads`` heads of highest validation IoU replaced, or with none.

    Attributes:
        metric: as the harness calls it: ``acc`` is the share of items of which the likeliest choice is right,
            ``acc_norm`` the same by likelihood a byte of the choice.
        fraction: share of the heads that are replaced; 0 for the model as it is.
        items: how many were measured.
        value: the metric; ``low`` and ``high`` bound its 95 % bootstrap interval over items.
        change: its difference to the model as it is, of a perplexity the relative increase, 0.05 for +5 %;
            ``change_low`` and ``change_high`` bound the paired interval.
        is_perplexity: whether the metric is one, which less is better of; all others are means over items.
        chance: the accuracy of guessing, None where there are no choices.
        kept_neural: (text, head) pairs in which the head computed its own pattern, its program having failed.
    """

    task: str
    metric: str
    fraction: float
    heads: int
    items: int
    value: float
    low: float
    high: float
    change: float
    change_low: float
    change_high: float
    is_perplexity: bool
    chance: float | None
    kept_neural: int


def evaluate_tasks(
    run: Run,
    tasks: Sequence[str],
    fractions: Sequence[float] = (0.25, 0.5),
    *,
    assignment: str = FITTED,
    limit: int | None = None,
    device: str = "cpu",
    on_error: OnError = "raise",
    reporter: Reporter | None = None,
) -> list[TaskRow]:
    """Scores on tasks of the model as it is, and with heads replaced by the programs that stand in for them.

    What each item gave is kept in the run, task by task and fraction by fraction, and is not measured again.

    Texts start as the run's did. Of those that are longer than the model reads the beginning is cut off, after the
    BOS. How an item is asked, with how many examples before it, and the metrics are the task's own.

    Args:
        run: a finished run on a causal language model.
        tasks: names of tasks that lm-evaluation-harness knows; files of items, ``.jsonl``, each with a ``query``, its
            ``choices`` and the place of the right one, ``gold``, from 0; or ``demo_cloze``, the bundled one.
        fractions: shares of the heads to replace, above 0 and at most 1; those of highest validation IoU go first.
        assignment: name of the programs in place, one of ``run.assignments``.
        limit: the first so many items of each task; all when left out.
        device: where the model runs, unless it was given in memory.
        on_error: when a program fails on a text: ``raise``, or ``neural``, which leaves the head its own pattern there.
        reporter: where progress is shown.

    Returns:
        A row for each task, fraction and metric, such as ``pandas.DataFrame`` takes.

    Raises:
        InputError: the harness is not installed, a task cannot be had or asks for more than likelihoods, the run is not
            finished, its model cannot be loaded or is an encoder, or a number is out of range.
        ProgramFailed: a program failed, and failures are to raise.
    """
    if isinstance(tasks, str) or not tasks:
        raise InputError(f"the tasks {tasks!r} are no list of names; give some, such as ['piqa']")
    shares = as_shares(fractions)
    if limit is not None and limit < 1:
        raise InputError(f"{limit} items are none; ask for at least 1")
    reporter = reporter or Reporter()
    programs = run.assigned(assignment)
    if not run.material.causal:
        raise InputError(f"{run.settings.model} is an encoder, which foretells no text; choose a causal language model")
    if find_spec("lm_eval") is None:
        raise InputError('tasks need lm-evaluation-harness; install it with pip install "headsynth[tasks]"')
    from synth.task_sources import load_tasks

    found = load_tasks(tasks)
    loaded = run.model(device)
    if len(programs) < len(loaded.heads):
        reporter.say(f"{len(programs)} of the model's {len(loaded.heads)} heads have programs; fractions are of these")
    reader = harness_model(loaded)
    shares = [0.0, *shares]
    arms = [{head: programs[head] for head in first_heads(list(programs), share)} if share else {} for share in shares]
    rows: list[TaskRow] = []
    with keeping(run.path, open_store(run.attention).model, reporter.say) as file:
        for task in found:
            name = task.config.task
            with reporter.stage(name) as step:
                measured = _measured(reader, task, arms, file, limit, on_error, step)
            if measured[0].cut:
                reporter.say(
                    f"{name}: texts longer than the model reads, of which the beginning was cut off: {measured[0].cut}"
                )
            rows += _rows(name, list(zip(shares, map(len, arms), measured, strict=True)))
    return rows


def _measured(
    reader: "HarnessModel",
    task: "Task",
    arms: Sequence[Mapping[Head, Program]],
    file: MeasurementFile | None,
    limit: int | None,
    on_error: OnError,
    step: Step,
) -> list[TaskFigures]:
    from evaluation.tasks import asked_by, measure_task

    name, asked = task.config.task, asked_by(task, limit)
    found: list[TaskFigures] = []
    figure = ""

    def told(done: int, total: int) -> None:
        step(len(found) * total + done, len(arms) * total, figure)

    for arm in arms:
        own = file.get_task(content(arm), asked) if file else None
        if own is None or (own.kept and on_error == "raise"):  # then a program that failed raises
            own = measure_task(reader, task, {**arm}, limit=limit, on_error=on_error, progress=told)
            if file:
                file.add_task(content(arm), asked, name, own)
        found.append(own)
        metric, value = next(iter(own.metrics.items()))
        figure = f"{len(arm)} heads replaced: {metric} {value.interval.mean:.3f}"
    return found


def stored_tasks(run: Run, file: MeasurementFile) -> list[TaskRow]:
    """The same of the programs that stand in for heads, as far as it was measured."""
    programs = run.assignment
    heads = list(programs)
    arms = {content({head: programs[head] for head in heads[:count]}): count for count in range(len(heads) + 1)}
    rows: list[TaskRow] = []
    for name, figures in file.tasks(list(arms)).items():
        measured = sorted(((arms[arm], own) for arm, own in figures.items()), key=lambda pair: pair[0])
        if measured[0][0] == 0:
            rows += _rows(name, [(count / len(heads), count, own) for count, own in measured])
    return rows


def _rows(name: str, measured: Sequence[tuple[float, int, TaskFigures]]) -> list[TaskRow]:
    """Of a task, by the share and the number of the heads that are replaced; none are in the first."""
    unpatched = measured[0][2].metrics
    return [
        TaskRow(
            name, metric, share, heads, own.items, *figure.interval, *figure.change(unpatched[metric]),
            figure.is_perplexity, own.chance, own.kept,
        )
        for share, heads, own in measured
        for metric, figure in own.metrics.items()
    ]  # fmt: skip


def harness_model(loaded: LoadedModel) -> "HarnessModel":
    """The model as the harness sees it, which reads texts as the run's were read."""
    from evaluation.harness_model import HarnessModel

    tokenizer = loaded.tokenizer
    bos, end = tokenizer.bos_token_id, tokenizer.eos_token_id
    start = [bos] if loaded.add_bos else []
    parting = bos if loaded.add_bos or end is None else end

    def bare(text: str) -> list[int]:
        (ids,) = encode(loaded, [text], None)
        return ids[len(start) :]

    return HarnessModel(loaded.model, tokenizer, bare, start, parting, loaded.context)
