"""``headsynth evaluate``: its tables follow from raw figures in the run, which are measured once."""

import hashlib
import io
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluation.arms import content
from evaluation.measuring import measure
from synth import evaluator, measurement_file
from synth.attention import open_store
from synth.cli import main
from synth.fingerprint import texts_fingerprint
from synth.models import encode, load_model
from synth.run import open_run
from tests.synth.tiny_runs import HEADS, call, copy_run, exchange_program, refusal

Capture = pytest.CaptureFixture[str]
FAILING = 'def f(query, key, pair):\n    """Fails."""\n    return where(query.index > 9, inf - inf, 0.0)\n'
ASKED = ("--fractions", "34,67", "--orders", "iou,effect,random,greedy", "--max-increase", "30", "--json", "--quiet")


@pytest.fixture(scope="module")
def evaluated(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was evaluated with all that can be asked, in ``document.json`` what was printed."""
    run = copy_run(finished, tmp_path_factory.mktemp("evaluated") / "run")
    printed = io.StringIO()
    with redirect_stdout(printed), pytest.raises(SystemExit):
        main(["evaluate", str(run), *ASKED])
    (run / "document.json").write_text(printed.getvalue())
    return run


@pytest.fixture(scope="module")
def document(evaluated: Path) -> Any:
    return json.loads((evaluated / "document.json").read_text())


class Raw:
    """Raw figures as any other program reads them."""

    def __init__(self, run: Path) -> None:
        connection = sqlite3.connect(run / "measurements.sqlite")
        rows = connection.execute(
            "SELECT content, key, tokens, loss, divergence, same FROM figures"
            " JOIN arms ON arms.id = arm JOIN texts ON texts.id = text"
        ).fetchall()
        connection.close()
        model = open_store(run / "attention").model
        with open_run(run) as opened:
            self.texts = {
                split: [
                    hashlib.sha256(f"{model} {texts_fingerprint([text])}".encode()).hexdigest()
                    for text in opened.ids(split)
                ]
                for split in ("validation", "test")
            }
        self.rows: dict[str, dict[str, tuple[float, ...]]] = {}
        for arm, key, *figures in rows:
            self.rows.setdefault(arm, {})[key] = tuple(figures)

    def arm(self, own: dict[str, str], split: str = "test") -> np.ndarray:
        """Tokens, loss, divergence and agreeing tokens of texts under what stands in, by head's name."""
        (arm,) = [arm for arm in self.rows if json.loads(arm) == own]
        return np.array([self.rows[arm][key] for key in self.texts[split] if key in self.rows[arm]]).T

    def interval(self, statistic: Callable[[np.ndarray], float]) -> tuple[float, float, float]:
        """A figure of texts with its bootstrap interval, resampled one by one as the tables say that they are."""
        count = len(self.texts["test"])
        chosen = np.random.default_rng(0).integers(0, count, size=(2000, count))
        samples = [statistic(own) for own in chosen]
        return (statistic(np.arange(count)), *np.percentile(samples, [2.5, 97.5]))


@pytest.fixture(scope="module")
def names(evaluated: Path) -> dict[str, str]:
    """How raw figures name the program of each head."""
    with open_run(evaluated) as run:
        return {str(head): json.loads(content({head: own}))[str(head)] for head, own in run.assignment.items()}


def test_every_choice_has_a_row(document: Any) -> None:
    assert list(document) == [
        "measure", "baseline_perplexity", "texts", "sweep", "controls_fraction", "controls", "within", "effects",
        "corpora", "left_out",
    ]  # fmt: skip
    assert document["texts"] == 15
    orders, replacements = ("iou", "effect", "random", "greedy"), ("program", "uniform", "first", "zero")
    assert [(row["order"], row["replacement"], row["heads"]) for row in document["sweep"]] == [
        (order, replacement, count) for order in orders for replacement in replacements for count in (1, 2)
    ]
    for row in [*document["sweep"], *document["controls"], *document["effects"]]:
        figure = "increase" if "increase" in row else "loss"
        assert row["low"] <= row[figure] <= row["high"]
        assert 0 <= row["agreement"] <= 1
        assert row["divergence"] >= 0
    assert [(row["head"], row["replacement"]) for row in document["effects"]] == [
        (head, way) for head in HEADS.split(",") for way in ("program", "zero", "uniform", "mean")
    ]
    assert {row["order"] for row in document["within"]} == set(orders)
    controls = {row["control"] for row in document["controls"]}
    told = [line.split(":")[0] for line in document["left_out"] if line.startswith("control")]
    assert {"uniform", "zero", "random token", "random program"} <= controls
    assert controls | {line.removeprefix("control ") for line in told} == {
        "permuted in layer", "permuted", "random program", "another category", "uniform", "first", "previous",
        "random token", "random column", "zero", "attention dropped",
    }  # fmt: skip


def test_tables_follow_from_the_raw_figures(evaluated: Path, names: dict[str, str], document: Any) -> None:
    raw = Raw(evaluated)
    tokens, unpatched, *_ = raw.arm({})
    assert document["baseline_perplexity"] == pytest.approx(np.exp(unpatched.sum() / tokens.sum()))
    one = raw.arm({"L1H2": names["L1H2"]}), raw.arm({"L1H2": "zero"})
    program, zero = [
        row for row in document["effects"] if row["head"] == "L1H2" and row["replacement"] in ("program", "zero")
    ]

    def recovered(chosen: np.ndarray) -> float:
        return 1 - one[0][2][chosen].sum() / one[1][2][chosen].sum()

    def grown(chosen: np.ndarray) -> float:
        return (one[1][1] - unpatched)[chosen].sum() / tokens[chosen].sum()

    told = [program["recovered"], program["recovered_low"], program["recovered_high"]]
    assert told == pytest.approx(raw.interval(recovered))
    assert [zero["loss"], zero["low"], zero["high"]] == pytest.approx(raw.interval(grown))
    # Two of three heads, however ordered: which ones is told by the arms that are there.
    pairs = [own for own in map(json.loads, raw.rows) if len(own) == 2 and own.items() <= names.items()]
    found = []
    for own in pairs:
        _, loss, divergence, same = raw.arm(own)

        def increase(chosen: np.ndarray, loss: np.ndarray = loss) -> float:
            return float(np.expm1((loss - unpatched)[chosen].sum() / tokens[chosen].sum()))

        found.append((*raw.interval(increase), divergence.sum() / tokens.sum(), same.sum() / tokens.sum()))
    for row in document["sweep"]:
        if row["replacement"] == "program" and row["heads"] == 2:
            figures = tuple(row[key] for key in ("increase", "low", "high", "divergence", "agreement"))
            assert any(figures == pytest.approx(own) for own in found)


def test_controls_are_told_beside_the_right_assignment_in_pairs(
    evaluated: Path, names: dict[str, str], document: Any
) -> None:
    raw = Raw(evaluated)
    (chosen,) = {  # the head of highest validation IoU
        head for own in map(json.loads, raw.rows) if len(own) == 1 for head in own if own[head].startswith("random tok")
    }
    tokens, unpatched, *_ = raw.arm({})
    right = raw.arm({chosen: names[chosen]})[1]
    for control in ("random token", "zero"):
        own = raw.arm({chosen: "zero" if control == "zero" else f"random token 0 {chosen}"})[1]

        def worse(texts: np.ndarray, own: np.ndarray = own) -> float:
            of_control, of_right = ((loss - unpatched)[texts].sum() / tokens[texts].sum() for loss in (own, right))
            return float(np.expm1(of_control) - np.expm1(of_right))

        (row,) = [row for row in document["controls"] if row["control"] == control]
        assert (row["worse"], row["worse_low"], row["worse_high"]) == pytest.approx(raw.interval(worse))


def test_attention_is_dropped_where_that_costs_least_on_validation_texts(run: Path, capsys: Capture) -> None:
    asked = ("--fractions", "100", "--orders", "iou", "--controls", "100", "--texts", "4", "--json", "--quiet")
    controls = call(capsys, "evaluate", run, *asked).document["controls"]
    (row,) = [row for row in controls if row["control"] == "attention dropped"]
    assert row["heads"] == 4  # a layer, which is nearest to the three heads that have programs
    raw = Raw(run)
    layers = [{f"L{layer}H{head}": "zero" for head in range(4)} for layer in range(2)]
    costs = [raw.arm(own, "validation")[2].sum() for own in layers]
    dropped = layers[int(np.argmin(costs))]
    (tokens, loss, *_), (_, unpatched, *_) = raw.arm(dropped), raw.arm({})
    assert row["increase"] == pytest.approx(np.expm1((loss - unpatched[:4]).sum() / tokens.sum()))
    assert not any(json.loads(arm) == layers[int(np.argmax(costs))] and set(own) & set(raw.texts["test"])
                   for arm, own in raw.rows.items())  # fmt: skip


def test_test_texts_choose_nothing(finished: Path, llama: str, tmp_path: Path, capsys: Capture,
                                   monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    given: list[tuple[set[str], list[list[int]]]] = []

    def spy(patched: Any, ids: Any, arms: Any, **options: Any) -> Any:
        given.append((set(arms), ids))
        return measure(patched, ids, arms, **options)

    monkeypatch.setattr(evaluator, "measure", spy)
    run = copy_run(finished, tmp_path / "run")
    assert call(capsys, "evaluate", run, *ASKED).code == 0
    loaded = load_model(llama)
    texts = [json.loads(line) for line in (run / "texts.jsonl").read_text().splitlines()]
    of_split = {
        split: encode(loaded, [text["text"] for text in texts if text["split"] == split], 14)
        for split in ("validation", "test")
    }
    (sweep,) = [place for place, (arms, _) in enumerate(given) if "iou, zero, 1 heads" in arms]
    assert sweep > 4
    assert all(ids == of_split["validation"] for _, ids in given[:sweep])
    assert all(ids == of_split["test"] for _, ids in given[sweep:])


def test_a_second_time_only_what_is_missing_is_measured(
    evaluated: Path, document: Any, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = copy_run(evaluated, tmp_path / "run", measured=True)
    added: list[tuple[str, int]] = []
    add = measurement_file.MeasurementFile.add

    def count(self: Any, arm: str, texts: Any, figures: Any) -> None:
        added.append((arm, len(texts)))
        add(self, arm, texts, figures)

    monkeypatch.setattr(measurement_file.MeasurementFile, "add", count)
    assert call(capsys, "evaluate", run, *ASKED).document == document
    assert added == []
    more = call(capsys, "evaluate", run, "--fractions", "34,100", "--controls", "0", "--json", "--quiet").document
    assert {len(json.loads(arm)) for arm, _ in added} == {3}  # all heads, whatever replaces them
    assert len(added) <= 4
    assert more["sweep"][0] == document["sweep"][0]


def test_fewer_texts_are_measured_when_asked(run: Path, capsys: Capture) -> None:
    few = call(capsys, "evaluate", run, "--texts", "4", "--fractions", "100", "--json", "--quiet").document
    assert few["texts"] == 4
    assert "sweep: 4 of 15 test texts" in few["left_out"]
    shown = call(capsys, "evaluate", run, "--texts", "4", "--fractions", "100", "--quiet").out
    assert "left out: sweep: 4 of 15 test texts" in shown


def test_time_ends_measuring_with_tables_of_what_there_was_time_for(
    run: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evaluation.perplexity.LOGITS", 1)  # a text a batch
    asked = ("--fractions", "100", "--orders", "iou,greedy", "--max-increase", "500", "--json", "--quiet")
    found = call(capsys, "evaluate", run, "--time", "0.0001", *asked).document
    assert [row["heads"] for row in found["within"]] == [0, 0]
    assert "budget: more heads in the order iou, for time" in found["left_out"]
    assert found["texts"] == 2
    assert {"sweep: 2 of 15 test texts, for time", "effects: 2 of 15 test texts, for time"} <= set(found["left_out"])
    assert any(line.startswith("greedy order: ") for line in found["left_out"])


def test_programs_that_fail_are_told_behind_whatever_figure(run: Path, capsys: Capture) -> None:
    with open_run(run) as opened:
        last = list(opened.assignment)[-1]
    exchange_program(run, FAILING, "layer = ? AND head = ?", last.layer, last.index)
    asked = ("--fractions", "34", "--orders", "iou", "--controls", "0", "--on-error", "neural", "--quiet")
    found = call(capsys, "evaluate", run, *asked, "--json").document
    assert {row["kept_neural"] for row in found["sweep"]} == {0}
    kept = {(row["head"], row["replacement"]): row["kept_neural"] for row in found["effects"]}
    assert {name for name, texts in kept.items() if texts} == {(str(last), "program")}
    shown = call(capsys, "evaluate", run, *asked).out
    assert (
        f"Programs failed on some texts, where their heads computed their own patterns: up to {max(kept.values())}"
        in shown
    )


KILLED = """
import json, os, signal, sys
import torch
from synth.cli import main
from synth.measurement_file import MeasurementFile

torch.set_num_threads(1)
run, told, *arguments = sys.argv[1:]
add = MeasurementFile.add

def counted(self, arm, texts, figures):
    global left
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    with open(told, "a") as file:
        file.writelines(json.dumps([arm, text]) + "\\n" for text in texts)
    add(self, arm, texts, figures)

MeasurementFile.add = counted
for left in (0, 1, 4, 9, 14, -1):
    process = os.fork()
    if process == 0:
        main(["evaluate", run, *arguments])
    status = os.waitpid(process, 0)[1]
    assert os.WIFSIGNALED(status) == (left >= 0), status
"""


def test_a_killed_evaluation_goes_on_and_ends_with_the_same_tables(
    finished: Path, document: Any, tmp_path: Path
) -> None:
    run, told = copy_run(finished, tmp_path / "run"), tmp_path / "told"
    command = [sys.executable, "-c", KILLED, str(run), str(told), *ASKED]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == document
    measured = told.read_text().splitlines()
    assert len(set(measured)) == len(measured) > 100  # nothing twice


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--orders", "iou,best"), "there is no order 'best'; choose from iou, effect, greedy, random"),
        (("--controls", "101"), "is no share of heads for controls; give one above 0 and at most 1"),
        (("--controls", "-5"), "is no share of heads for controls"),
        (("--controls", "nan"), "is no share of heads for controls"),
        (("--max-increase", "0"), "is no increase to stay within; give one above 0"),
        (("--time", "0"), "minutes are no time; give a number above 0"),
        (("--time", "nan"), "minutes are no time"),
        (("--texts", "1"), "1 texts are too few for an interval; give 2 or more"),
    ],
)
def test_what_is_out_of_range_is_refused(
    options: tuple[str, ...], message: str, finished: Path, capsys: Capture
) -> None:
    assert message in refusal(capsys, "evaluate", finished, *options)


def test_a_file_of_something_else_is_refused(run: Path, capsys: Capture) -> None:
    file = run / "measurements.sqlite"
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE other (a)")
    connection.commit()
    assert "holds no measurements of headsynth; move it away" in refusal(capsys, "evaluate", run)
    connection.execute("DROP TABLE other")
    connection.execute(f"PRAGMA application_id={measurement_file._APPLICATION}")
    connection.execute("PRAGMA user_version=99")
    connection.close()
    assert "was written by a later version; update headsynth" in refusal(capsys, "evaluate", run)
    file.write_bytes(b"x" * 5000)
    assert f"{file} is damaged" in refusal(capsys, "evaluate", run)
