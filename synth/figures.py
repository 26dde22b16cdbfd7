"""The figures of a run, from what it holds."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.baselines import BASELINES
from surrogates.errors import InputError
from surrogates.library.cover import cover
from surrogates.library.heads import Head
from synth.categories import CATEGORIES, MIXED
from synth.evaluation_rows import Effect
from synth.head_faithfulness import compare_baselines
from synth.material import HeadData
from synth.progress import Reporter
from synth.run import Run
from synth.stored_measurements import stored_rows
from synth.tasks import TaskRow

if TYPE_CHECKING:
    from evaluation.figures.picture import Picture


def run_figures(run: Run, reporter: Reporter) -> "list[Picture]":
    """Every figure of which the run holds something; what has to be run for the others is said.

    Args:
        run: a finished run.
        reporter: where progress is shown.

    Raises:
        InputError: matplotlib is not installed, the run is not finished, or something of it cannot be read.
    """
    if find_spec("matplotlib") is None:
        raise InputError('figures need matplotlib; install it with pip install "headsynth[figures]"')
    found = _of_heads(run, reporter)
    return found + _of_measurements(run, reporter, {row["head"]: row["iou"] for row in found[0].table})


def _of_heads(run: Run, reporter: Reporter) -> "list[Picture]":
    from evaluation.figures.heads import category_map, cover_curve, iou_distribution, iou_map

    table = _head_table(run, reporter)
    found = [iou_distribution(table), iou_map(table)]
    if any(row["category"] for row in table):
        found.append(category_map(table, CATEGORIES, MIXED))
    else:
        reporter.say("not drawn: category_map; an earlier version searched these heads, so synthesize a new run first")
    counts = cover(run.library.structures())
    found.append(cover_curve([{"structures": place + 1, "heads": count} for place, count in enumerate(counts)]))
    return found


def _of_measurements(run: Run, reporter: Reporter, ious: Mapping[str, float]) -> "list[Picture]":
    from evaluation.figures.heads import iou_and_effect
    from evaluation.figures.replaced import control_comparison, perplexity, tasks

    names = ["perplexity", "controls", "iou_and_effect"]
    if not run.material.causal:
        reporter.say(f"not drawn: {', '.join(names)}, tasks; an encoder has no perplexity")
        return []
    stored = stored_rows(run)
    control_rows = [asdict(control) for control in stored.controls]
    found = []
    if stored.sweep:
        found.append(
            perplexity(list(map(asdict, stored.sweep)), [row | {"fraction": stored.share} for row in control_rows[1:]])
        )
    if len(control_rows) > 1:
        found.append(control_comparison(control_rows))
    if stored.effects:
        found.append(iou_and_effect(_effect_table(ious, stored.effects)))
    if task_rows := _shares_right(stored.tasks):
        found.append(tasks(task_rows))
    drawn = {picture.name for picture in found}
    if missing := [name for name in names if name not in drawn]:
        reporter.say(f"not drawn: {', '.join(missing)}; run `headsynth evaluate {run.path}` first")
    if "tasks" not in drawn:
        reporter.say(f"not drawn: tasks; run `headsynth evaluate {run.path} --tasks NAMES` first")
    return found


def _head_table(run: Run, reporter: Reporter) -> list[dict[str, Any]]:
    """Test figures of each head that has a program."""
    surrogates, ceilings, kinds = run.library.surrogates(), run.ceilings, run.kinds
    if not surrogates:
        raise InputError(f"{run.path} has no scored program yet; run `headsynth synthesize` again to finish it")
    table = []
    with reporter.stage("baselines on the stored patterns") as step:
        for done, (head, entry) in enumerate(surrogates.items(), start=1):
            row = {
                "head": str(head),
                "layer": head.layer,
                "index": head.index,
                "iou": entry.scores.iou,
                "iou_low": entry.scores.iou_low,
                "iou_high": entry.scores.iou_high,
                "ceiling": ceilings[head].iou if head in ceilings else None,
                "category": kinds[head].category,
            }
            table.append(row | _baselines(run, head))
            step(done, len(surrogates))
    return table


def _baselines(run: Run, head: Head) -> dict[str, float]:
    """Mean IoU with a head's patterns of test texts of what explains nothing."""
    found: dict[str, list[np.ndarray]] = {name: [] for name in BASELINES}
    data = HeadData(run.material, head)
    for batch in data.batches(run.material.splits["test"]):
        for name, own in compare_baselines(batch).items():
            found[name].append(own.iou)
    return {name: float(np.concatenate(ious).mean()) for name, ious in found.items()}


def _effect_table(ious: Mapping[str, float], effects: Sequence[Effect]) -> list[dict[str, Any]]:
    by_way = {(effect.head, effect.replacement): effect for effect in effects}
    table = []
    for head in dict.fromkeys(effect.head for effect in effects):
        program, zero = by_way[head, "program"], by_way[head, "zero"]
        table.append({
            "head": head, "iou": ious[head], "effect": zero.divergence, "of_program": program.divergence,
            "recovered": program.recovered, "recovered_low": program.recovered_low,
            "recovered_high": program.recovered_high, "texts": program.texts,
        })  # fmt: skip
    return table


def _shares_right(rows: Sequence[TaskRow]) -> list[dict[str, Any]]:
    """The rows that are drawn: of each task its first metric that is a share."""
    metric: dict[str, str] = {}
    for row in rows:
        if not row.is_perplexity:
            metric.setdefault(row.task, row.metric)
    return [asdict(row) for row in rows if metric.get(row.task) == row.metric]
