"""Tasks on a run: ``headsynth evaluate --tasks`` and its twin in Python."""

import json
import sys
from pathlib import Path
from typing import Any

import pandas
import pytest

from surrogates.errors import InputError
from surrogates.running.patching import patch
from synth import evaluate_tasks, open_run
from synth.progress import Reporter
from synth.tasks import harness_model
from tests.synth.tiny_runs import call, refusal

Capture = pytest.CaptureFixture[str]

ITEMS = [
    {"query": "She liked the", "choices": ["dog", "park and the ball"], "gold": 0},
    {"query": "Tom ran to the", "choices": ["girl", "park", "red"], "gold": 1},
    {"query": "The dog was", "choices": ["red", "ran", "Tom", "and"], "gold": 0},
] * 4


@pytest.fixture
def items(tmp_path: Path) -> Path:
    path = tmp_path / "questions.jsonl"
    path.write_text("".join(json.dumps(item) + "\n" for item in ITEMS))
    return path


def test_limit_is_about_tasks(finished: Path, capsys: Capture) -> None:
    assert "--limit is about tasks; name some with --tasks" in refusal(capsys, "evaluate", finished, "--limit", "3")
    assert "'--limit': " in refusal(capsys, "evaluate", finished, "--tasks", "piqa", "--limit", "0")


@pytest.mark.parametrize(
    "options",
    [("--orders", "iou"), ("--controls", "0"), ("--max-increase", "5"), ("--texts", "9"), ("--time", "1"),
     ("--corpus", "other=other.txt")],
)  # fmt: skip
def test_what_is_about_perplexity_does_not_go_with_tasks(
    options: tuple[str, str], finished: Path, capsys: Capture
) -> None:
    line = refusal(capsys, "evaluate", finished, "--tasks", "piqa", *options)
    assert f"{options[0]} is about perplexity; leave that out, or leave out --tasks" in line


def test_wrong_values_are_refused(finished: Path) -> None:
    with open_run(finished) as run:
        for tasks, given, message in (
            ([], {}, r"the tasks \[\] are no list of names"),
            ("piqa", {}, "the tasks 'piqa' are no list of names"),
            (["piqa"], {"fractions": [25]}, r"the fractions \[25\] are no shares"),
            (["piqa"], {"fractions": []}, "are no shares"),
            (["piqa"], {"fractions": 0.25}, "the fractions 0.25 are no shares"),
            (["piqa"], {"limit": 0}, "0 items are none"),
        ):
            with pytest.raises(InputError, match=message):
                evaluate_tasks(run, tasks, **given)


def test_encoders_and_a_missing_harness_are_refused(
    finished: Path, finished_encoder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "lm_eval", None)
    assert "is an encoder, which foretells no text; choose" in refusal(
        capsys, "evaluate", finished_encoder, "--tasks", "piqa"
    )
    line = refusal(capsys, "evaluate", finished, "--tasks", "piqa")
    assert line.endswith('tasks need lm-evaluation-harness; install it with pip install "headsynth[tasks]"')


@pytest.fixture
def harness() -> None:
    pytest.importorskip("lm_eval", reason="needs the extra headsynth[tasks]")


@pytest.mark.usefixtures("harness")
def test_a_file_of_items_is_a_task(finished: Path, items: Path, capsys: Capture) -> None:
    arguments = ("evaluate", finished, "--tasks", items, "--fractions", "34,100", "--quiet")
    outcome = call(capsys, *arguments, "--json")
    assert "3 of the model's 8 heads have programs; fractions are of these" in outcome.err
    rows = outcome.document["tasks"]
    assert [(row["metric"], row["fraction"], row["heads"]) for row in rows] == [
        (metric, fraction, heads)
        for fraction, heads in ((0.0, 0), (0.34, 1), (1.0, 3))
        for metric in ("acc", "acc_norm")
    ]
    first = {row["metric"]: row["value"] for row in rows[:2]}
    for row in rows:
        assert (row["task"], row["items"], row["kept_neural"]) == ("questions", 12, 0)
        assert row["chance"] == pytest.approx((1 / 2 + 1 / 3 + 1 / 4) / 3)
        assert row["low"] <= row["value"] <= row["high"]
        assert row["change_low"] <= row["change"] <= row["change_high"]
        assert row["change"] == pytest.approx(row["value"] - first[row["metric"]])
    shown = call(capsys, *arguments).out
    assert "questions: 12 items, 36.1% by guessing" in shown
    for row in rows:
        assert f"{row['heads']} ({row['fraction']:.0%})" in shown
        assert f"{row['value']:.1%}" in shown
    limited = call(capsys, *arguments, "--limit", "5", "--json").document["tasks"]
    assert {row["items"] for row in limited} == {5}


@pytest.mark.usefixtures("harness")
def test_rows_are_a_table_and_bundled_items_a_task(finished: Path) -> None:
    with open_run(finished) as run:
        frame = pandas.DataFrame(evaluate_tasks(run, ["demo_cloze"], [1.0], limit=6, reporter=Reporter(quiet=True)))
    assert list(frame["task"].unique()) == ["demo_cloze"]
    assert set(frame["chance"]) == {0.25}
    assert (frame["change"][frame["heads"] == 0] == 0).all()


@pytest.mark.usefixtures("harness")
def test_what_was_measured_is_kept_and_goes_on(
    run: Path, items: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from evaluation import tasks as measured_in

    others = tmp_path / "others.jsonl"
    others.write_text(items.read_text().replace("Tom", "Sam"))
    arguments = ("evaluate", run, "--tasks", f"{items},{others}", "--fractions", "34,100", "--quiet", "--json")
    measured: list[tuple[str, int]] = []
    measure, left = measured_in.measure_task, 4

    def count(reader: Any, task: Any, heads: Any, **options: Any) -> Any:
        if len(measured) == left:
            raise KeyboardInterrupt
        measured.append((task.config.task, len(heads)))
        return measure(reader, task, heads, **options)

    monkeypatch.setattr(measured_in, "measure_task", count)
    with pytest.raises(KeyboardInterrupt), open_run(run) as opened:
        evaluate_tasks(opened, [str(items), str(others)], [0.34, 1.0], reporter=Reporter(quiet=True))
    left = -1
    found = call(capsys, *arguments).document
    assert measured == [(task, heads) for task in ("questions", "others") for heads in (0, 1, 3)]
    assert call(capsys, *arguments).document == found
    assert len(measured) == 6
    call(capsys, *arguments, "--limit", "5")
    items.write_text(items.read_text().replace("liked", "saw"))
    call(capsys, *arguments)
    assert measured[6:] == [*measured[:6], *measured[:3]]  # other items, other questions under a name
    call(capsys, "figures", run, "--output", tmp_path / "figures")
    drawn = pandas.read_csv(tmp_path / "figures" / "tasks.csv")
    assert set(zip(drawn["task"], drawn["heads"], drawn["items"], strict=True)) == {
        (task, heads, 12 if task == "questions" else 5) for task in ("questions", "others") for heads in (0, 1, 3)
    }
    left = len(measured) + 1
    with pytest.raises(KeyboardInterrupt), open_run(run) as opened:
        evaluate_tasks(opened, [str(items)], limit=7, reporter=Reporter(quiet=True))
    call(capsys, "figures", run, "--output", tmp_path / "figures")
    assert pandas.read_csv(tmp_path / "figures" / "tasks.csv").equals(drawn)  # the model as it is alone tells nothing


@pytest.mark.usefixtures("harness")
def test_tasks_that_cannot_be_had_are_refused(
    finished: Path, items: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    import datasets

    def unreachable(**_: Any) -> None:
        raise ConnectionError("Couldn't reach 'baber/piqa' on the Hub\nfor many reasons")

    monkeypatch.setattr(datasets, "load_dataset", unreachable)
    for tasks, message in (
        (f"{items},no_such_task", "there is no task 'no_such_task'; give one that lm-evaluation-harness knows"),
        ("piqa", "cannot load the task piqa: Couldn't reach 'baber/piqa' on the Hub; check the network, or give"),
        (f"{items},{items}", "two tasks are called questions; leave one out, or rename its file"),
        ("no.jsonl", "no.jsonl"),
        (",", r"the tasks [] are no list of names"),
    ):
        assert message in refusal(capsys, "evaluate", finished, "--tasks", tasks)


ROWS: dict[str, dict[str, Any]] = {
    "hellaswag": {
        "activity_label": "Playing", "ctx_a": "The girl had a ball.", "ctx_b": "she", "label": "1",
        "endings": ["was a park.", "liked the ball.", "said a dog.", "ran a time."],
    },
    "piqa": {"goal": "Play with a ball", "sol1": "The dog ran.", "sol2": "She liked it.", "label": 1},
    "sciq": {
        "support": "The dog ran.", "question": "Who ran?", "distractor1": "Tom", "distractor2": "Sam",
        "distractor3": "the girl", "correct_answer": "the dog",
    },
    "arc_easy": {
        "question": "Who ran?", "answerKey": "B", "choices": {"text": ["Tom", "the dog"], "label": ["A", "B"]},
    },
    "social_iqa": {
        "context": "Tom ran.", "question": "Why?", "label": "1",
        "answerA": "a dog", "answerB": "a ball", "answerC": "it",
    },
    "copa": {"premise": "She was happy.", "question": "cause", "choice1": "She ran.", "choice2": "Tom.", "label": 0},
    "lambada_openai": {"text": "Tom and Sam went to the park. Tom ran, and ran, and"},
    "wikitext": {"page": " = The dog = \n\n The dog ran , and Tom ran . The girl was happy . \n"},
}  # fmt: skip
"""A row of each dataset, as the hub has them."""
METRICS = {
    "social_iqa": {"acc"}, "copa": {"acc"}, "lambada_openai": {"perplexity", "acc"},
    "wikitext": {"word_perplexity", "byte_perplexity"},
}  # fmt: skip
"""Of tasks that have others than accuracy in both ways."""


@pytest.mark.usefixtures("harness")
def test_the_harness_tasks_give_the_harness_figures(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets
    from lm_eval import evaluator

    from evaluation.tasks import quiet_harness
    from synth.task_sources import load_tasks

    names = iter([*ROWS, *ROWS])

    def load_dataset(**_: object) -> dict[str, datasets.Dataset]:
        row = ROWS[next(names)]
        rows = [row, row | {name: f"Sam. {value}" for name, value in row.items() if name in ("text", "page", "goal")}]
        return {split: datasets.Dataset.from_list(rows) for split in ("train", "validation", "test")}

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    with open_run(finished) as run:
        found = evaluate_tasks(run, list(ROWS), [1.0], reporter=Reporter(quiet=True))
        loaded, programs = run.model(), run.assignment
    tasks = load_tasks(list(ROWS))
    assert [task.config.task for task in tasks] == list(ROWS)
    for task in tasks:
        name = task.config.task
        own = [row for row in found if row.task == name]
        assert {row.metric for row in own} == METRICS.get(name, {"acc", "acc_norm"})
        assert {row.items for row in own} == {2}
        assert {row.chance is None for row in own} == {name in ("lambada_openai", "wikitext")}
        for heads in ({}, programs):
            with patch(loaded.model, loaded.tokenizer, heads), quiet_harness():
                reader = harness_model(loaded)
                expected = evaluator.evaluate(reader, {"tasks": {name: task}}, bootstrap_iters=0)["results"][name]
            for row in own:
                if row.heads == len(heads):
                    assert row.value == pytest.approx(expected[f"{row.metric},none"], rel=1e-6)
