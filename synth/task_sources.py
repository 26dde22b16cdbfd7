"""Where the items of a task come from: lm-evaluation-harness and the hub, a file, or the bundled stories."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypedDict

from datasets import Dataset
from datasets.exceptions import DatasetsError
from lm_eval.api.task import Task
from lm_eval.tasks import TaskManager

from evaluation.tasks import quiet_harness
from surrogates.errors import InputError
from synth.corpus import checked_text, json_lines
from synth.demo.cloze import cloze_items
from synth.models import quiet
from synth.regular_files import reading

DEMO_CLOZE = "demo_cloze"
"""Names the bundled task, which is made of stories that the bundled model has never seen."""
_FORM = '{"query": "…", "choices": ["…", "…"], "gold": 0}'


class Item(TypedDict):
    """A text, what may follow it after a space, and the place of what is right among that."""

    query: str
    choices: list[str]
    gold: int


def load_tasks(names: Sequence[str]) -> list[Task]:
    """Tasks with their items in memory, in the order given; a group of the harness' is all of its tasks.

    Args:
        names: tasks that the harness knows by name, whose items are fetched unless they are cached; ``.jsonl`` files of
            a query, choices and the place of the right one (gold) a line; or ``demo_cloze``.

    Raises:
        InputError: there is no such task, its items cannot be had, or two tasks are called alike.
    """
    manager: TaskManager | None = None
    found: dict[str, Task] = {}
    with quiet(), quiet_harness():
        for name in names:
            if name == DEMO_CLOZE:
                tasks = [_of_items(name, cloze_items())]
            elif name.endswith(".jsonl"):
                tasks = [_of_items(Path(name).stem, read_items(Path(name).expanduser()))]
            else:
                manager = manager or TaskManager()
                tasks = _of_harness(manager, name)
            for task in tasks:
                if found.setdefault(task.config.task, task) is not task:
                    raise InputError(f"two tasks are called {task.config.task}; leave one out, or rename its file")
    return list(found.values())


def read_items(path: Path) -> list[Item]:
    """The items of a ``.jsonl`` file, one a line.

    Raises:
        InputError: it cannot be read, holds none, or a line is no item; the message names the line.
    """
    with reading(path, "check the path"):
        items = [_item(f"{path}, line {number}", record) for number, record in json_lines(path)]
    if not items:
        raise InputError(f"{path} holds no item; write {_FORM} a line")
    return items


def _item(place: str, record: dict[str, Any]) -> Item:
    if missing := [field for field in Item.__annotations__ if field not in record]:
        raise InputError(f"{place}: no field {missing[0]!r}; write {_FORM}")
    choices, gold = record["choices"], record["gold"]
    if not isinstance(choices, list) or len(choices) < 2:
        raise InputError(f"{place}: choices is no list of two or more; write {_FORM}")
    texts = [checked_text(choice, f"{place}, choices") for choice in choices]
    if not all(text.strip() for text in texts):
        raise InputError(f"{place}: a choice is empty; write what may follow the query")
    if type(gold) is not int or not 0 <= gold < len(texts):
        raise InputError(f"{place}: gold is {gold!r}, no place among {len(texts)} choices; they count from 0")
    return Item(query=checked_text(record["query"], f"{place}, query"), choices=texts, gold=gold)


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


def _of_harness(manager: TaskManager, name: str) -> list[Task]:
    if name not in manager.task_index:
        raise InputError(
            f"there is no task {name!r}; give one that lm-evaluation-harness knows (`lm_eval ls tasks`), a .jsonl file, "
            f"or {DEMO_CLOZE}"
        )
    try:
        return list(manager.load([name])["tasks"].values())
    except (OSError, ValueError, RuntimeError, ImportError, DatasetsError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(f"cannot load the task {name}: {reason}; check the network, or give a .jsonl file") from error
