"""``headsynth figures``: drawings of what a run holds, and beside each the table that it draws."""

import csv
import importlib.util
import io
import json
import sqlite3
from contextlib import closing, redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np
import pytest

from evaluation.arms import content
from evaluation.baselines import UNIFORM
from evaluation.task_figures import Figure, TaskFigures
from surrogates.library.cover import cover
from synth.attention import open_store
from synth.cli import main
from synth.measurement_file import FILE_NAME, MeasurementFile
from synth.run import open_run
from tests.synth.tiny_runs import HEADS, copy_run, forget_ceilings, refusal

Capture = pytest.CaptureFixture[str]
ASKED = ("--fractions", "34,67", "--orders", "iou,effect,random,greedy", "--controls", "67", "--json", "--quiet")
OF_HEADS = ["iou_distribution", "iou_map", "category_map", "cover_curve"]
OF_MEASUREMENTS = ["perplexity", "controls", "iou_and_effect"]


def printed(*arguments: object) -> tuple[str, str]:
    """What a command that succeeds prints, and what it says."""
    out, said = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(said):
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as stop:
            assert not stop.code, said.getvalue()
    return out.getvalue(), said.getvalue()


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def keep_tasks(path: Path) -> None:
    """Keep figures of two tasks in a run: as the model is, and of one with two heads replaced."""
    shares = [Figure(np.array([1.0, 0.0] * 8 + [right] * 4), np.ones(20), is_perplexity=False) for right in (1.0, 0.0)]
    losses = Figure(np.arange(20.0), np.ones(20), is_perplexity=True)
    with open_run(path) as run, closing(MeasurementFile(path / FILE_NAME, open_store(run.attention).model)) as file:
        two = {head: run.assignment[head] for head in list(run.assignment)[:2]}
        calibrated = dict.fromkeys(two, UNIFORM)
        for name in ("older", "sums"):
            for arm, share in (({}, shares[0]), (two, shares[1]), (calibrated, shares[1])):
                figures = TaskFigures({"acc": share, "acc_norm": share, "perplexity": losses}, 20, 0.25, 0, 0)
                file.add_task(content(arm), name, "sums", figures)
        for arm in ({}, two):
            file.add_task(content(arm), "text", "text", TaskFigures({"perplexity": losses}, 20, None, 0, 0))
        file.add_task(content({}), "half", "half", TaskFigures({"acc": shares[0]}, 20, None, 0, 0))


@pytest.fixture(scope="module")
def evaluated(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was evaluated, in ``document.json`` what was printed, and drawn, into ``figures``."""
    folder = tmp_path_factory.mktemp("evaluated")
    run = copy_run(finished, folder / "run")
    (folder / "document.json").write_text(printed("evaluate", run, *ASKED)[0])
    keep_tasks(run)
    out, said = printed("figures", run, "--output", folder / "figures", "--quiet")
    (folder / "out").write_text(out)
    (folder / "said").write_text(said)
    return folder


def test_every_figure_has_its_files(evaluated: Path) -> None:
    names = [*OF_HEADS, *OF_MEASUREMENTS, "tasks"]
    drawn = {path.name for path in (evaluated / "figures").iterdir()}
    assert drawn == {f"{name}.{kind}" for name in names for kind in ("pdf", "png", "csv")}
    lines = (evaluated / "out").read_text().splitlines()
    assert lines == [f"{evaluated / 'figures' / name}: pdf, png, csv" for name in names]
    assert "not drawn" not in (evaluated / "said").read_text()
    for name in names:
        assert (evaluated / "figures" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        pdf = (evaluated / "figures" / f"{name}.pdf").read_bytes()
        assert pdf.startswith(b"%PDF")
        assert b"/FontFile2" in pdf  # TrueType
        assert b"/Type3" not in pdf


def test_the_same_run_gives_the_same_bytes_without_its_model(evaluated: Path, tmp_path: Path) -> None:
    run = copy_run(evaluated / "run", tmp_path / "run", measured=True)
    settings = run / "run.toml"
    lines = settings.read_text().splitlines()
    settings.write_text("\n".join('model = "/gone"' if line.startswith("model = ") else line for line in lines) + "\n")
    printed("figures", run, "--output", tmp_path / "figures", "--quiet")
    for path in (evaluated / "figures").iterdir():
        assert (tmp_path / "figures" / path.name).read_bytes() == path.read_bytes(), path.name


def test_figures_of_the_model_are_those_of_evaluate(evaluated: Path) -> None:
    document = json.loads((evaluated / "document.json").read_text())
    drawn = {
        (row["order"], row["replacement"], row["heads"]): row for row in table(evaluated / "figures", "perplexity")
    }
    for row in document["sweep"]:
        own = drawn[row["order"], row["replacement"], str(row["heads"])]
        assert all(
            float(own[name]) == pytest.approx(row[name])
            for name in ("increase", "low", "high", "divergence", "agreement")
        )
    right, *controls = table(evaluated / "figures", "controls")
    assert [(row["control"], float(row["increase"]), float(row["worse_high"])) for row in controls] == [
        (row["control"], pytest.approx(row["increase"]), pytest.approx(row["worse_high"]))
        for row in document["controls"]
    ]
    (program,) = [
        row for row in document["sweep"]
        if row["order"] == "iou" and row["replacement"] == "program" and row["heads"] == 2
    ]  # fmt: skip
    assert (right["control"], float(right["increase"])) == ("right assignment", pytest.approx(program["increase"]))
    effects = {(row["head"], row["replacement"]): row for row in document["effects"]}
    rows = table(evaluated / "figures", "iou_and_effect")
    assert [row["head"] for row in rows] == HEADS.split(",")
    for row in rows:
        assert float(row["effect"]) == pytest.approx(effects[row["head"], "zero"]["divergence"])
        assert float(row["recovered"]) == pytest.approx(effects[row["head"], "program"]["recovered"])


def test_figures_of_heads_are_those_of_the_library(evaluated: Path) -> None:
    uniform = 'def attend(query, key, pair):\n    """All alike."""\n    return 0 * key.is_first\n'
    rows = table(evaluated / "figures", "iou_distribution")
    with open_run(evaluated / "run") as run:
        for row, (head, entry) in zip(rows, run.library.surrogates().items(), strict=True):
            assert row["head"] == str(head)
            assert float(row["iou"]) == entry.scores.iou
            assert float(row["ceiling"]) == run.ceilings[head].iou
            assert row["category"] == run.kinds[head].category
            scored = run.score(uniform, head).scores
            assert scored is not None
            assert float(row["uniform"]) == pytest.approx(scored.iou)
        counts = cover(run.library.structures())
    drawn = [int(row["heads"]) for row in table(evaluated / "figures", "cover_curve")]
    assert drawn == counts
    assert [row["category"] for row in table(evaluated / "figures", "category_map")] == [
        row["category"] for row in rows
    ]


def test_of_tasks_shares_right_are_drawn(evaluated: Path) -> None:
    rows = table(evaluated / "figures", "tasks")
    assert [(row["task"], row["metric"], row["heads"], row["value"], row["change"]) for row in rows] == [
        ("sums", "acc", "0", "0.6", "0.0"), ("sums", "acc", "2", "0.4", "-0.2"),
    ]  # fmt: skip
    assert [float(row["fraction"]) for row in rows] == [0, pytest.approx(2 / 3)]


def test_what_is_missing_is_said_and_nothing_is_measured(run: Path, tmp_path: Path) -> None:
    forget_ceilings(run)
    before = sorted(path.name for path in run.iterdir())
    _, said = printed("figures", run, "--output", tmp_path / "figures", "--quiet")
    assert f"not drawn: perplexity, controls, iou_and_effect; run `headsynth evaluate {run}` first" in said
    assert "not drawn: tasks; " in said
    assert "not drawn: category_map; " in said
    drawn = {path.name for path in (tmp_path / "figures").iterdir()}
    assert drawn == {f"{name}.{kind}" for name in set(OF_HEADS) - {"category_map"} for kind in ("pdf", "png", "csv")}
    assert {row["ceiling"] for row in table(tmp_path / "figures", "iou_distribution")} == {""}
    assert sorted(path.name for path in run.iterdir()) == before


def test_arms_that_were_stopped_on_the_way_are_left_out(evaluated: Path, tmp_path: Path) -> None:
    run = copy_run(evaluated / "run", tmp_path / "run", measured=True)
    printed("evaluate", run, "--texts", "5", "--fractions", "100", "--controls", "0", "--json", "--quiet")
    printed("figures", run, "--output", tmp_path / "figures", "--quiet")
    assert {row["texts"] for row in table(tmp_path / "figures", "perplexity")} == {"15"}


def test_controls_that_were_not_asked_for_are_not_drawn(run: Path, tmp_path: Path) -> None:
    printed("evaluate", run, "--texts", "5", "--fractions", "34,100", "--controls", "0", "--json", "--quiet")
    with closing(sqlite3.connect(run / FILE_NAME)) as connection:
        connection.execute("DROP TABLE tasks")  # an earlier version kept none
    _, said = printed("figures", run, "--output", tmp_path / "figures", "--quiet")
    assert "not drawn: controls; run `headsynth evaluate" in said
    assert "not drawn: tasks; " in said
    assert not (tmp_path / "figures" / "controls.csv").exists()


def test_encoders_have_figures_of_their_heads(finished_encoder: Path, tmp_path: Path) -> None:
    _, said = printed("figures", finished_encoder, "--output", tmp_path, "--quiet")
    assert "not drawn: perplexity, controls, iou_and_effect, tasks; an encoder has no perplexity" in said
    assert {path.stem for path in tmp_path.iterdir()} == set(OF_HEADS)
    rows = table(tmp_path, "iou_distribution")
    assert all(0 < float(row[name]) <= 1 for row in rows for name in ("iou", "uniform", "first", "previous"))


def test_wrong_input_is_refused(
    finished: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = tmp_path / "begun"
    begun.mkdir()
    (begun / "run.toml").write_text((finished / "run.toml").read_text())
    output = ("--output", tmp_path / "figures")
    assert "is no run directory" in refusal(capsys, "figures", tmp_path / "none", *output)
    assert "run `headsynth synthesize MODEL --output" in refusal(capsys, "figures", begun, *output)
    file = tmp_path / "file"
    file.write_text("{}")
    line = refusal(capsys, "figures", finished, "--output", file / "figures")
    assert line.endswith("Not a directory; take away what is in its place, or name another --output")
    assert "'--output'" in refusal(capsys, "figures", finished)
    real = importlib.util.find_spec
    monkeypatch.setattr("synth.figures.find_spec", lambda name: None if name == "matplotlib" else real(name))
    line = refusal(capsys, "figures", finished, *output)
    assert line.endswith('figures need matplotlib; install it with pip install "headsynth[figures]"')


def test_tasks_that_measure_likelihood_alone_are_not_drawn(evaluated: Path, tmp_path: Path) -> None:
    run = copy_run(evaluated / "run", tmp_path / "run", measured=True)
    with closing(sqlite3.connect(run / FILE_NAME)) as connection, connection:
        connection.execute("DELETE FROM tasks WHERE task != 'text'")
    _, said = printed("figures", run, "--output", tmp_path / "figures", "--quiet")
    assert "not drawn: tasks; " in said
