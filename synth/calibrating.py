"""Tunes the constants of a run's programs together, measures what that gains on test texts, and keeps them by name."""

import shutil
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from evaluation.intervals import Interval
from evaluation.measurements import Measurements
from evaluation.measuring import PatchedModel, measure
from evaluation.sweep import first_heads
from sandbox.verdicts import Verdict
from surrogates.errors import InputError, ProgramFailed
from surrogates.language.program import Program
from surrogates.library.clusters_file import FILE_NAME, clusters_text
from surrogates.library.heads import Head
from surrogates.library.library import Library
from surrogates.library.program_files import file_text
from surrogates.library.ranking import Ranked
from synth.fitting.calibration import is_tuned, tune_together
from synth.fitting.own_texts import continued
from synth.fitting.scoring import score_candidates
from synth.material import HeadData, Material
from synth.progress import Reporter
from synth.regular_files import mend_writing
from synth.run import Run

TEXTS = 1000


@dataclass(frozen=True)
class Cost:
    """What an assignment costs on test texts, and how like the heads its programs are.

    Attributes:
        divergence: KL(unpatched || patched) of the next-token distribution, nats a predicted token.
        increase: of the perplexity, relative to the model as it is: 0.05 is +5 %.
        iou: mean over heads of their programs' mean IoU.
    """

    divergence: Interval
    increase: Interval
    iou: float


@dataclass(frozen=True)
class Calibration:
    """What tuning constants together gained. Intervals are of 95 %, texts resampled in pairs.

    Attributes:
        name: of the calibrated assignment.
        heads: those that are replaced.
        model_heads: how many the model has.
        untuned: how many of them have no constants that are tuned.
        train: how many of the run's training texts served, and ``continued`` how many the model wrote on from.
        epochs: how often these were gone through.
        validation_before, validation_after: divergence on validation texts, on which tuning was stopped.
        texts: how many test texts the figures are of.
        perplexity: of the model as it is.
        fitted, calibrated: before and after.
        divergence_change: calibrated minus fitted, and ``increase_change`` likewise.
        gone: share of the increase in perplexity; None where the increase is not clearly above 0.
        folder: where the programs lie as files.
    """

    name: str
    heads: tuple[Head, ...]
    model_heads: int
    untuned: int
    train: int
    continued: int
    epochs: int
    validation_before: float
    validation_after: float
    texts: int
    perplexity: float
    fitted: Cost
    calibrated: Cost
    divergence_change: Interval
    increase_change: Interval
    gone: Interval | None
    folder: Path


def calibrate(
    run: Run,
    fraction: float = 0.25,
    *,
    texts: int = TEXTS,
    device: str = "cpu",
    reporter: Reporter | None = None,
) -> Calibration:
    """Tune the constants of the programs in place together, against what the model as it is predicts.

    The programs are tuned on training texts, and on beginnings of these that the model itself continues; tuning stops
    when validation texts gain no more. ``run.assigned(name)`` gives the result; what stood in before still does.

    Args:
        run: a finished run on a causal language model.
        fraction: share of the heads to replace, above 0 and at most 1; those of highest validation IoU are.
        texts: how many to tune on.
        device: where the model runs, unless it was given in memory.
        reporter: where progress is shown.

    Raises:
        InputError: the run is not finished or cannot be written to, its model cannot be loaded or is an encoder, or a
            number is out of range.
        ProgramFailed: a program failed on a text.
    """
    if not 0 < fraction <= 1:
        raise InputError(f"{fraction} is no share of the heads; give a number above 0 and at most 1, such as 0.25")
    if texts < 1:
        raise InputError(f"{texts} texts are none; give at least 1")
    if not run.material.causal:
        raise InputError(
            f"{run.settings.model} is an encoder, which predicts no next token; calibrate a causal language model"
        )
    reporter = reporter or Reporter()
    name = f"calibrated-{100 * fraction:g}"
    with run.writing():
        assignment, ranked = run.assignment, run.library.surrogates()
        programs = {head: assignment[head] for head in first_heads(list(assignment), fraction)}
        fitted = {head: ranked[head] for head in programs}
        loaded = run.model(device)
        train, seed = run.ids("train")[:texts], run.settings.seed
        with reporter.stage("texts of the model's own") as step:
            own = continued(loaded, train, texts - len(train), seed, step)
        with reporter.stage("calibrate") as step:
            found = tune_together(loaded, programs, [*train, *own], run.ids("validation"), seed, step)
        calibrated = _scored(run.material, fitted, found.programs, reporter)
        _keep(run, name, calibrated)
        arms = {"fitted": programs, "calibrated": found.programs}
        with reporter.stage("test texts") as step:
            measured = measure(PatchedModel(loaded.model, loaded.tokenizer), run.ids("test"), arms, progress=step)
    untuned = sum(not is_tuned(program) for program in programs.values())
    return Calibration(
        name=name,
        heads=tuple(fitted),
        model_heads=len(loaded.heads),
        untuned=untuned,
        train=len(train),
        continued=len(own),
        epochs=found.epochs,
        validation_before=found.before,
        validation_after=found.after,
        texts=measured.texts,
        perplexity=measured.perplexity(),
        fitted=_cost(measured, "fitted", fitted),
        calibrated=_cost(measured, "calibrated", calibrated),
        divergence_change=measured.further_divergence("calibrated", "fitted"),
        increase_change=measured.further_increase("calibrated", "fitted"),
        gone=measured.gone("calibrated", "fitted") if measured.increase("fitted").low > 0 else None,
        folder=run.assignments_folder / name,
    )


def _scored(
    material: Material, fitted: Mapping[Head, Ranked], programs: Mapping[Head, Program], reporter: Reporter
) -> dict[Head, Ranked]:
    """Calibrated programs with their similarity to the heads."""
    found = {}
    with reporter.stage("IoU") as step:
        for done, (head, entry) in enumerate(fitted.items(), start=1):
            candidate = replace(entry.candidate, verdict=Verdict.OK, reason="").holding(programs[head])
            (candidate,) = score_candidates(HeadData(material, head), [candidate])
            if candidate.scores is None:
                raise ProgramFailed(candidate.reason, candidate.verdict)
            found[head] = Ranked(f"01_{candidate.label}", candidate, candidate.scores, stands_in=True)
            step(done, len(fitted), str(head))
    return found


def _keep(run: Run, name: str, calibrated: Mapping[Head, Ranked]) -> None:
    """Store an assignment in the library, and write it as files.

    Raises:
        InputError: something cannot be written.
    """
    with closing(Library(run.path, create=True)) as library:
        library.keep_assignment(name, {head: entry.program for head, entry in calibrated.items()})
    run.close()  # an earlier version's library was read from a copy
    folder = run.assignments_folder / name
    unfinished = folder.with_name(f"{name}.unfinished")
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        for head, entry in calibrated.items():
            (unfinished / head.folder).mkdir(parents=True)
            (unfinished / head.folder / f"{entry.name}.py").write_text(file_text(head, entry), encoding="utf-8")
        if run.material.clusters.names:
            (unfinished / FILE_NAME).write_text(clusters_text(run.material.clusters), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        unfinished.replace(folder)
    except OSError as error:
        raise InputError(f"cannot write {folder}: {error.strerror}; {mend_writing(error)} and run again") from error


def _cost(measured: Measurements, arm: str, programs: Mapping[Head, Ranked]) -> Cost:
    iou = sum(entry.scores.iou for entry in programs.values()) / len(programs)
    return Cost(measured.divergence(arm), measured.increase(arm), iou)
