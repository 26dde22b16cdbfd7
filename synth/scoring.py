"""Scores a head's candidate programs on validation and test texts."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from evaluation.intervals import mean_interval
from evaluation.similarity import similarity
from surrogates.errors import ProgramFailed
from surrogates.heads import Head
from surrogates.library import Candidate, Scores
from surrogates.patterns import pattern
from surrogates.program import Program
from synth.corpus import Split
from synth.material import Material


def score_candidates(material: Material, head: Head, candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates with their scores.

    One that fails on a validation text has none. One that fails on test texts alone is scored there as if it
    attended to nothing: what happens on test texts must not choose. The verdict and the reason say so.

    Args:
        material: the run's texts and patterns.
        head: whose patterns to compare with.
        candidates: vectorised programs; those with a verdict other than "ok" are passed through.
    """
    programs = {c.source: Program.parse(c.source) for c in candidates if c.verdict == "ok"}
    figures: dict[str, dict[Split, list[np.ndarray]]] = {source: {"validation": [], "test": []} for source in programs}
    failed: dict[str, tuple[Split, str]] = {}
    splits: tuple[Split, ...] = ("validation", "test")
    for split in splits:
        for batch in material.batches(head, split):
            for source, program in programs.items():
                try:
                    found = pattern(program, batch.texts, batch.visible)
                except ProgramFailed as error:
                    failed.setdefault(source, (split, str(error)))
                    found = torch.zeros_like(batch.target)
                alike = similarity(found, batch.target)
                figures[source][split].append(torch.stack([alike.iou, alike.cross_entropy, alike.jsd]).numpy())
    return [_scored(c, figures[c.source], failed.get(c.source)) if c.verdict == "ok" else c for c in candidates]


def _scored(
    candidate: Candidate, figures: dict[Split, list[np.ndarray]], failure: tuple[Split, str] | None
) -> Candidate:
    if failure is None:
        return replace(candidate, scores=_scores(figures))
    split, reason = failure
    if split == "validation":
        return replace(candidate, verdict="failed", reason=reason)
    return replace(candidate, verdict="failed on test texts", reason=reason, scores=_scores(figures))


def _scores(figures: dict[Split, list[np.ndarray]]) -> Scores:
    validation = np.concatenate(figures["validation"], axis=1).astype(np.float64)
    test = np.concatenate(figures["test"], axis=1).astype(np.float64)
    interval = mean_interval(test[0])
    return Scores(
        validation_iou=float(validation[0].mean()),
        validation_cross_entropy=float(validation[1].mean()),
        iou=interval.mean,
        iou_low=interval.low,
        iou_high=interval.high,
        cross_entropy=float(test[1].mean()),
        jsd=float(test[2].mean()),
    )
