"""What a causal language model scores on lm-evaluation-harness tasks, item by item, with heads replaced or as it is."""

import hashlib
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from typing import Any

import numpy as np
from lm_eval import evaluator
from lm_eval.api import task as harness_task
from lm_eval.api.task import Task

from evaluation.harness_model import HarnessModel
from evaluation.task_figures import Figure, TaskFigures
from surrogates.errors import InputError
from surrogates.running.assignment import Assignment
from surrogates.running.patching import patch
from surrogates.running.plan import OnError

_OUTPUT = {"multiple_choice", "loglikelihood", "loglikelihood_rolling"}
_FEW_SHOT_SEED = 1234  # the harness' own


def asked_by(task: Task, limit: int | None = None) -> str:
    """Tells what a task asks from what any other does: its items, how they are put, and the harness' version.

    Args:
        task: of the harness, with its items in memory.
        limit: the first so many items; all when left out.

    Raises:
        InputError: the task has the model write texts.
    """
    _prepare(task)
    with quiet_harness():
        task.build_all_requests(limit=limit, rank=0, world_size=1)
    requests = [[own.args, own.doc] for own in task.instances]
    facts = [version("lm_eval"), task.config.task, sorted(task.aggregation()), requests]
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()


def measure_task(
    reader: HarnessModel,
    task: Task,
    assignment: Assignment,
    *,
    limit: int | None = None,
    on_error: OnError = "raise",
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> TaskFigures:
    """A task's figures under an assignment; under one of no heads, those of the model as it is.

    Args:
        reader: the model as the harness sees it.
        task: of the harness, with its items in memory.
        assignment: what stands in for which head.
        limit: the first so many items; all when left out.
        on_error: see :func:`surrogates.running.patching.patch`.
        progress: told the requests done and their number.

    Raises:
        InputError: the task has the model write texts, has no metric that is a mean over items, or an item cannot be
            read.
        ProgramFailed: a program failed, and failures are to raise.
    """
    _prepare(task)
    name = task.config.task
    reader.cut, reader.progress = 0, progress
    with patch(reader.model, reader.tokenizer, assignment, on_error=on_error) as failures, quiet_harness():
        done = evaluator.evaluate(reader, {"tasks": {name: task}}, limit=limit, bootstrap_iters=0)
    samples = done["samples"][name]
    samples = [sample for sample in samples if sample["filter"] == samples[0]["filter"]]
    aggregation = {metric: getattr(function, "__name__", "") for metric, function in task.aggregation().items()}
    metrics = {
        metric: figure
        for metric in samples[0]["metrics"]
        if (figure := _figure(aggregation[metric], [sample[metric] for sample in samples])) is not None
    }
    if not metrics:
        raise InputError(f"{name} has no metric that is a mean over items; choose another task")
    chance = None
    if task.OUTPUT_TYPE == "multiple_choice":
        chance = float(np.mean([1 / len(task.doc_to_choice(sample["doc"])) for sample in samples]))
    return TaskFigures(metrics, len(samples), chance, failures.texts.total(), reader.cut)


def _prepare(task: Task) -> None:
    if task.OUTPUT_TYPE not in _OUTPUT:
        raise InputError(
            f"{task.config.task} has the model write texts; choose tasks that compare choices or measure likelihood"
        )
    if task.config.num_fewshot is None:
        task.set_config("num_fewshot", 0)
    # Examples are drawn as requests are built; whatever is replaced, the same ones are.
    task.set_fewshot_seed(_FEW_SHOT_SEED)


def _figure(aggregation: str, values: list[Any]) -> Figure | None:
    """Figures of the items by the harness' name for what becomes of them; None for what is no mean of them."""
    if aggregation == "mean":
        return Figure(np.array(values, dtype=float), np.ones(len(values)), is_perplexity=False)
    if aggregation == "perplexity":
        return Figure(-np.array(values, dtype=float), np.ones(len(values)), is_perplexity=True)
    if aggregation == "weighted_perplexity":
        likelihoods, weights = np.array(values, dtype=float).T
        return Figure(-likelihoods, weights, is_perplexity=True)
    return None


@contextmanager
def quiet_harness() -> Iterator[None]:
    """Keep the harness from telling of its progress and of settings."""
    logger = logging.getLogger("lm_eval")
    level, bar = logger.level, harness_task.tqdm
    logger.setLevel(logging.ERROR)
    harness_task.tqdm = partial(bar, disable=True)
    try:
        yield
    finally:
        logger.setLevel(level)
        harness_task.tqdm = bar
