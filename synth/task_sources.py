"""Where the items of a task come from: lm-evaluation-harness and the hub, a file, or the bundled stories."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from datasets import Dataset
from datasets.exceptions import DatasetsError
from lm_eval.api.task import Task
from lm_eval.tasks import TaskManager

from evaluation.tasks import quiet_harness
from surrogates.errors import InputError
from synth.demo.cloze import cloze_items
from synth.models import quiet
from synth.task_items import Item, read_items

DEMO_CLOZE = "demo_cloze"
"""Names the bundled task, which is made of stories that the bundled model has never seen."""


def load_tasks(names: Sequence[str]) -> list[Task]:
    """Tasks with their items in memory, in the order given; a group of the harness' is all of its tasks.

    Args:
        names: tasks that the harness knows by name, whose items are fetched unless they are cached; ``.jsonl`` files of
            a query, choices and the place of the right one (gold) a line; or ``demo_cloze``.

    Raises:
        InputError: there is no such task, its items cannot be had, or two tasks are called alike.
    """
    found: dict[str, Task] = {}
    with quiet(), quiet_harness():
        for name in names:
            if name == DEMO_CLOZE:
                tasks = [_of_items(name, cloze_items())]
            elif name.endswith(".jsonl"):
                tasks = [_of_items(Path(name).stem, read_items(Path(name).expanduser()))]
            else:
                tasks = _of_harness(name)
            for task in tasks:
                if found.setdefault(task.config.task, task) is not task:
                    raise InputError(f"two tasks are called {task.config.task}; leave one out, or rename its file")
    return list(found.values())


def _of_items(name: str, items: Sequence[Item]) -> Task:
    config = {
        "task": name,
        "custom_dataset": lambda **_: {"test": Dataset.from_list(list(items))},
        "test_split": "test",
        "output_type": "multiple_choice",
        "doc_to_text": "query",
        "doc_to_choice": "choices",
        "doc_to_target": "gold",
        "metric_list": [{"metric": "acc"}, {"metric": "acc_norm"}],
    }
    (task,) = TaskManager(include_defaults=False).load([config])["tasks"].values()
    return task


@cache
def _harness() -> TaskManager:
    """All tasks of the harness, of which it takes seconds to learn."""
    return TaskManager()


def _of_harness(name: str) -> list[Task]:
    manager = _harness()
    if name not in manager.task_index:
        raise InputError(
            f"there is no task {name!r}; give one that lm-evaluation-harness knows (`lm_eval ls tasks`), a .jsonl "
            f"file, or {DEMO_CLOZE}"
        )
    try:
        return list(manager.load([name])["tasks"].values())
    except (OSError, ValueError, RuntimeError, ImportError, DatasetsError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(f"cannot load the task {name}: {reason}; check the network, or give a .jsonl file") from error
