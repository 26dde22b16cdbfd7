"""Scores a head's candidate programs on train, validation and test texts."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np
import torch

from evaluation.intervals import mean_interval
from evaluation.similarity import Compared, Reference, Similarity, similarity
from sandbox.verdicts import Verdict
from surrogates.errors import ProgramFailed
from surrogates.language.patterns import check_finite, failing, pattern, scores
from surrogates.language.program import Program
from surrogates.library.candidates import Candidate, Scores
from synth.corpus import Split
from synth.material import Batch, HeadData

_FIGURES: dict[Split, tuple[str, ...]] = {
    "train": ("iou",),
    "validation": ("iou", "cross_entropy"),
    "test": ("iou", "cross_entropy", "jsd"),
}
"""What is kept of a split, by the names of :class:`evaluation.similarity.Compared`."""


def score_candidates(data: HeadData, candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates with their scores.

    One that fails on a train or validation text has none. One that fails on test texts alone is scored there as if it
    attended to nothing: what happens on test texts must not choose. The verdict and the reason say so.

    Args:
        data: of the head whose patterns to compare with.
        candidates: programs; those with a verdict other than "ok" are passed through.
    """
    programs = {c.source: c.program for c in candidates if c.verdict is Verdict.OK}
    splits: tuple[Split, ...] = ("train", "validation", "test")
    figures: dict[str, dict[Split, list[np.ndarray]]] = {source: {split: [] for split in splits} for source in programs}
    failed: dict[str, tuple[Split, ProgramFailed]] = {}
    for split in splits:
        numbers = data.material.train_sample if split == "train" else data.material.splits[split]
        for batch in data.batches(numbers):
            reference = Reference(batch.target, batch.visible)
            for source, program in programs.items():
                if source in failed and failed[source][0] != "test":
                    continue  # it has no scores, and may take its time to fail once more
                try:
                    alike: Compared | Similarity = _compared(program, batch, reference)
                except ProgramFailed as error:
                    failed.setdefault(source, (split, error))
                    if split != "test":
                        continue
                    alike = similarity(_text_by_text(program, batch), batch.target)
                figures[source][split].append(np.stack([getattr(alike, name) for name in _FIGURES[split]]))
    return [_scored(c, figures[c.source], failed.get(c.source)) if c.verdict is Verdict.OK else c for c in candidates]


def _compared(program: Program, batch: Batch, reference: Reference) -> Compared:
    values = scores(program, batch.texts)
    with failing(program), np.errstate(all="ignore"):  # NaN is reported below
        found = reference.compare(values)
    check_finite(program, found.pattern)
    return found


def pattern_or_nothing(program: Program, batch: Batch) -> torch.Tensor:
    """A program's patterns on a batch, shape (t, n, n); 0 throughout a text on which it fails."""
    try:
        return pattern(program, batch.texts, batch.visible)
    except ProgramFailed:
        return _text_by_text(program, batch)


def _text_by_text(program: Program, batch: Batch) -> torch.Tensor:
    """A program's patterns on a batch of which it fails on some texts; there it attends to nothing."""
    found = torch.zeros_like(batch.target)
    for place in range(len(found)):
        with suppress(ProgramFailed):
            one = slice(place, place + 1)
            found[one] = pattern(program, batch.texts.rows(one), batch.visible[one])
    return found


def _scored(
    candidate: Candidate, figures: dict[Split, list[np.ndarray]], failure: tuple[Split, ProgramFailed] | None
) -> Candidate:
    if failure is None:
        return replace(candidate, scores=_scores(figures))
    split, error = failure
    if split != "test":
        return replace(candidate, verdict=error.verdict, reason=str(error))
    reason = f"on test texts alone: {error}"
    return replace(candidate, verdict=error.verdict, reason=reason, scores=_scores(figures))


def _scores(figures: dict[Split, list[np.ndarray]]) -> Scores:
    validation = np.concatenate(figures["validation"], axis=1).astype(np.float64)
    test = np.concatenate(figures["test"], axis=1).astype(np.float64)
    interval = mean_interval(test[0])
    return Scores(
        train_iou=float(np.concatenate(figures["train"], axis=1)[0].astype(np.float64).mean()),
        validation_iou=float(validation[0].mean()),
        validation_cross_entropy=float(validation[1].mean()),
        iou=interval.mean,
        iou_low=interval.low,
        iou_high=interval.high,
        cross_entropy=float(test[1].mean()),
        jsd=float(test[2].mean()),
    )
