"""Scores a head's candidate programs on validation and test texts."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from evaluation.intervals import mean_interval
from evaluation.similarity import similarity
from surrogates.heads import Head
from surrogates.library import Candidate, Scores
from surrogates.patterns import ProgramFailed, pattern
from surrogates.program import Program
from synth.corpus import Split
from synth.material import Material


def score_candidates(material: Material, head: Head, candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates with their scores; one that fails on any text has none, and its verdict and reason say why.

    Args:
        material: the run's texts and patterns.
        head: whose patterns to compare with.
        candidates: vectorised programs; those with a verdict other than "ok" are passed through.
    """
    programs = {c.source: Program.parse(c.source) for c in candidates if c.verdict == "ok"}
    figures: dict[str, dict[Split, list[np.ndarray]]] = {source: {"validation": [], "test": []} for source in programs}
    failed: dict[str, str] = {}
    splits: tuple[Split, ...] = ("validation", "test")
    for split in splits:
        for batch in material.batches(head, split):
            for source, program in programs.items():
                if source in failed:
                    continue
                try:
                    found = pattern(program, batch.texts, batch.visible)
                except ProgramFailed as error:
                    failed[source] = str(error)
                    continue
                alike = similarity(found, batch.target)
                figures[source][split].append(torch.stack([alike.iou, alike.cross_entropy, alike.jsd]).numpy())
    return [
        c
        if c.verdict != "ok"
        else replace(c, verdict="failed", reason=failed[c.source])
        if c.source in failed
        else replace(c, scores=_scores(figures[c.source]))
        for c in candidates
    ]


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
