"""Constants tuned together: what is sought goes down, what was fitted stays, and both are found by name."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from surrogates import Head, Program, load_library, patch
from surrogates.errors import InputError, ProgramFailed
from surrogates.library.library import Library
from surrogates.running.assignment import Assignment
from synth import calibrate, evaluate, generate, open_run
from synth.demo import MODEL_FOLDER, demo_stories
from synth.evaluation_rows import Row
from synth.fitting.calibration import tune_together
from synth.fitting.own_texts import continued
from synth.models import LoadedModel, describe_model, encode, load_model
from synth.run import Run
from tests.synth.tiny_runs import call, copy_run, exchange_program, refusal, rows
from tests.tiny_models import tiny_model, tiny_tokenizer

Capture = pytest.CaptureFixture[str]

TEXTS = 60
SCRIPTED = 'def f(query, key, pair, a=1.0):\n    """S."""\n    return a * pair.zeros()[:, :] + len(query.text)\n'
FAILING = 'def f(query, key, pair):\n    """S."""\n    return pair.zeros()[:, :] + len(query.text[99])\n'


@pytest.fixture(scope="module")
def calibrated(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_run(finished, tmp_path_factory.mktemp("calibrated") / "run")


@pytest.fixture(scope="module")
def found(calibrated: Path) -> Any:
    """What calibrating all heads of that run tells."""
    with open_run(calibrated) as run:
        return calibrate(run, 1.0, texts=TEXTS)


@torch.no_grad()
def divergence(loaded: LoadedModel, ids: Sequence[Sequence[int]], assignment: Assignment) -> np.ndarray:
    """KL(unpatched || patched) of each predicted token, text by text, in double precision: sums and numbers."""
    model: Any = loaded.model
    figures = []
    for text in ids:
        logits = []
        for own in ({}, assignment):
            with patch(model, loaded.tokenizer, own):
                logits.append(model(torch.tensor([text])).logits[0, :-1].double().log_softmax(-1))
        figures.append((float((logits[0].exp() * (logits[0] - logits[1])).sum()), len(text) - 1))
    return np.array(figures)


def mean(figures: np.ndarray) -> float:
    return float(figures[:, 0].sum() / figures[:, 1].sum())


# What is found.


def test_what_is_sought_is_what_the_patched_model_predicts(calibrated: Path, found: Any) -> None:
    with open_run(calibrated) as run:
        loaded, name = run.model(), found.name
        assert found.heads == tuple(run.assignment)
        for ids, before, after in (
            (run.ids("validation"), found.validation_before, found.validation_after),
            (run.ids("test"), found.fitted.divergence.mean, found.calibrated.divergence.mean),
        ):
            assert before == pytest.approx(mean(divergence(loaded, ids, run.assignment)), rel=1e-3)
            # Constants are rounded to three digits in the end.
            assert after == pytest.approx(mean(divergence(loaded, ids, run.assigned(name))), rel=0.02)
    assert found.validation_after < found.validation_before
    assert found.divergence_change.mean == pytest.approx(
        found.calibrated.divergence.mean - found.fitted.divergence.mean
    )
    assert found.train + found.continued == TEXTS


def test_it_is_evaluated_and_generates_by_its_name(calibrated: Path, found: Any, capsys: Capture) -> None:
    with open_run(calibrated) as run:
        (own,) = (
            row for row in evaluate(run, [1.0], orders=["iou"], assignment=found.name) if row.replacement == "program"
        )
        assert isinstance(own, Row)
        assert (own.increase, own.low, own.high) == pytest.approx(tuple(found.calibrated.increase), abs=1e-6)
        one, other = (generate(run, "Once", 1.0, assignment=name, max_new_tokens=4) for name in ("fitted", found.name))
        assert one.heads == other.heads
    assert "no assignment 'other'; there are fitted, calibrated-100" in refusal(
        capsys, "evaluate", str(calibrated), "--assignment", "other"
    )


def test_what_was_fitted_stays(calibrated: Path, finished: Path, found: Any) -> None:
    assert rows(calibrated) == rows(finished)
    with open_run(calibrated) as run, open_run(finished) as before:
        assert run.assignment == before.assignment == run.assigned("fitted")
        assert run.assignments == {"fitted": sorted(found.heads), "calibrated-100": sorted(found.heads)}
        for head, program in run.assigned(found.name).items():
            own = run.assignment[head]
            assert program.structure == own.structure
            assert program.hypothesis == own.hypothesis
            assert program.constants != own.constants
        with pytest.raises(InputError, match="no assignment 'calibrated-7'; there are fitted, calibrated-100"):
            run.assigned("calibrated-7")


def test_it_is_found_by_name_and_as_files(calibrated: Path, finished: Path, found: Any) -> None:
    with open_run(calibrated) as run:
        kept = run.assigned(found.name)
        scored = [run.score(program, head).scores for head, program in kept.items()]
    assert kept == load_library(calibrated, found.name) == load_library(found.folder)
    assert load_library(calibrated) == load_library(finished)
    assert found.calibrated.iou == pytest.approx(np.mean([scores.iou for scores in scored if scores]))
    with pytest.raises(InputError, match="no assignment 'other'"):
        load_library(calibrated, "other")
    with pytest.raises(InputError, match="program files, which have no names"):
        load_library(calibrated / "programs", found.name)


def test_a_stage_that_is_done_anew_leaves_it(calibrated: Path, found: Any, tmp_path: Path) -> None:
    copy = copy_run(calibrated, tmp_path / "copy")
    with closing(Library(copy, create=True)) as library:
        before = library.assignment(found.name)
        for stage in ("search", "shared"):
            library.forget(stage)
        assert not library.heads()
        assert library.assignment(found.name) == before


def test_the_command_tells_it_and_repeats_itself(finished: Path, tmp_path: Path, found: Any, capsys: Capture) -> None:
    run = copy_run(finished, tmp_path / "run")
    options = ("--fraction", "1", "--texts", TEXTS, "--quiet")
    told = call(capsys, "calibrate", run, *options, "--json").document
    assert told["calibrated"]["divergence"] == list(found.calibrated.divergence)
    assert told["heads"] == [str(head) for head in found.heads]
    assert load_library(run, found.name) == load_library(found.folder)
    few = call(capsys, "calibrate", run, "--fraction", "0.3", "--texts", 20, "--quiet")
    assert few.code == 0, few.err
    assert "1 of 8 heads replaced" in few.out
    assert "kept as calibrated-30" in few.out
    assert "assignments: calibrated-100 (3 heads), calibrated-30 (1 head)" in call(capsys, "inspect", run).out


# What is tuned.


def opened(kind: str) -> LoadedModel:
    return describe_model(kind, tiny_model(kind), tiny_tokenizer(kind), bos=None)


def random_texts(lengths: Sequence[int]) -> list[list[int]]:
    generator = torch.Generator().manual_seed(3)
    return [torch.randint(5, 200, (length,), generator=generator).tolist() for length in lengths]


def parse(body: str, constants: str) -> Program:
    return Program.parse(f'def f(query, key, pair, {constants}):\n    """P."""\n    return {body}\n')


def no_progress(*_: object) -> None:
    pass


def test_a_poor_start_is_left_behind() -> None:
    loaded = load_model(str(MODEL_FOLDER))
    ids = encode(loaded, demo_stories()[:24], 16)
    # Head L0H0 looks at the previous token; with these constants its program looks everywhere.
    program = parse("a * pair.offset(1) - b * pair.log_distance", "a=0.0, b=0.0")
    found = tune_together(loaded, {Head(0, 0): program}, ids[:12], ids[12:], 0, no_progress)
    assert found.after < 0.5 * found.before
    assert found.programs[Head(0, 0)].constants["a"] > 0.5
    assert found.after == pytest.approx(mean(divergence(loaded, ids[12:], found.programs)), rel=0.02)


@pytest.mark.parametrize("kind", ["mistral", "gemma2", "gpt_neo"])
def test_windows_and_padding_are_the_models_own(kind: str) -> None:
    loaded = opened(kind)
    programs = {
        Head(0, 1): parse("a * pair.log_distance + weights(key, {'the': 0.5}, is_alphabetic=-0.4)", "a=-0.7"),
        Head(1, 2): parse("a * key.is_first + curve(pair.distance, {0: 1.0, 3: -1.0})", "a=2.0"),
    }
    train, validation = random_texts([12, 19, 9]), random_texts([20, 7, 13, 2])
    found = tune_together(loaded, programs, train, validation, 0, no_progress)
    assert found.before == pytest.approx(mean(divergence(loaded, validation, programs)), rel=1e-3)
    assert found.after == pytest.approx(mean(divergence(loaded, validation, found.programs)), rel=0.02)
    assert all(weight.requires_grad for weight in loaded.model.parameters())


def test_scripted_programs_and_such_without_constants_stay() -> None:
    loaded, texts = opened("llama"), random_texts([10, 12])
    scripted = Program.parse(SCRIPTED)
    fixed = Program.parse('def f(query, key, pair):\n    """F."""\n    return key.is_first\n')
    found = tune_together(loaded, {Head(0, 0): scripted, Head(1, 1): fixed}, texts, texts, 0, no_progress)
    assert found.programs == {Head(0, 0): scripted, Head(1, 1): fixed}
    assert found.epochs == 0
    unused = parse("key.is_first", "a=1.0")
    assert tune_together(loaded, {Head(0, 0): unused}, texts, texts, 0, no_progress).programs == {Head(0, 0): unused}
    tuned = parse("a * key.is_first", "a=0.0")
    found = tune_together(loaded, {Head(0, 0): scripted, Head(1, 1): tuned}, texts, texts, 0, no_progress)
    assert found.programs[Head(0, 0)] == scripted
    assert found.epochs > 0


def test_a_program_that_fails_is_one_line(finished: Path, tmp_path: Path, capsys: Capture) -> None:
    run = copy_run(finished, tmp_path / "run")
    exchange_program(run, FAILING, "TRUE")
    line = refusal(capsys, "calibrate", run, "--texts", 4, "--quiet")
    assert line.endswith("take the program out of the library or mend it, then run again")
    with open_run(run) as again:
        assert list(again.assignments) == ["fitted"]


def test_a_slope_that_is_not_finite_names_its_program() -> None:
    texts = random_texts([8, 8])
    program = parse("log(1e30 * a) * key.is_first / (a - a)", "a=1.0")
    with pytest.raises(ProgramFailed, match=r"^f: "):
        tune_together(opened("llama"), {Head(0, 0): program}, texts, texts, 0, no_progress)


# What it is tuned on.


def test_the_model_goes_on_from_the_beginnings_of_texts(finished: Path) -> None:
    with open_run(finished) as run:
        loaded, ids = Run.model(run), run.ids("train")
        first, again, other = (continued(loaded, ids, 30, seed, no_progress) for seed in (0, 0, 1))
        assert first == again != other
        beginnings = {tuple(text[:2]) for text in ids}
        assert len(first) == 30
        assert {tuple(text[:2]) for text in first} <= beginnings
        assert all(len(text) <= max(map(len, ids)) for text in first)
        assert all(loaded.tokenizer.eos_token_id not in text[2:] for text in first)
        assert continued(loaded, ids, -3, 0, no_progress) == []
