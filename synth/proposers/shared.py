"""Tries programs that were found for other heads."""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set

import torch

from evaluation.similarity import similarity_matrix
from surrogates.errors import ProgramFailed
from surrogates.language.features import Texts
from surrogates.language.patterns import pattern
from surrogates.language.program import Program
from surrogates.library.heads import Head
from synth.material import Material

TRIAL_TEXTS = 40
"""Training texts on which the trial is made; the few that win it are refitted and scored in full."""
KEPT = 2
_TRIAL_BYTES = 500_000_000
_CHUNK = 64


def best_fitting(
    material: Material,
    programs: Iterable[Program],
    known: Mapping[Head, Set[str]],
    progress: Callable[[int, int], None],
    kept: int = KEPT,
) -> dict[Head, list[Program]]:
    """For each head the programs that fit it best as they are, by training IoU.

    Args:
        material: the run's texts and patterns.
        programs: what is tried on every head.
        known: the heads, each with the structures that it needs no more.
        progress: told the programs tried and their number.
        kept: most programs for a head.
    """
    distinct = list({program.source: program for program in programs}.values())
    heads = sorted(known)
    won: dict[Head, list[Program]] = {}
    groups = material.by_window(heads)
    total, done = len(distinct) * len(groups), 0
    for group in groups:
        lists = material.lists("train")[:TRIAL_TEXTS]
        n = max(map(len, lists))
        lists = lists[: max(1, _TRIAL_BYTES // (4 * n * n * len(group)))]
        numbers = material.splits["train"][: len(lists)]
        visible = torch.from_numpy(material.visible(group[0].layer, lists))
        cells = visible.any(0).flatten().nonzero()[:, 0]
        texts = Texts.from_lists(lists, material.table, causal=material.causal, torch_tensors=True)
        targets = torch.stack([material.patterns(head, numbers).flatten(1)[:, cells] for head in group], dim=1)
        table = torch.zeros(len(distinct), len(group))
        for start in range(0, len(distinct), _CHUNK):
            chunk = distinct[start : start + _CHUNK]
            patterns = [_pattern(program, texts, visible) for program in chunk]
            found = torch.stack([p.flatten(1)[:, cells] for p in patterns], dim=1)
            table[start : start + len(chunk)] = similarity_matrix(found, targets)[0]
            # The measure takes rows that sum to one; a program that gave none must not win.
            failed = torch.tensor([not p.any() for p in patterns])
            table[start : start + len(chunk)][failed] = 0.0
            done += len(chunk)
            progress(done, total)
        for place, head in enumerate(group):
            won[head] = _best(table[:, place], distinct, known[head], kept)
    return won


def _pattern(program: Program, texts: Texts, visible: torch.Tensor) -> torch.Tensor:
    try:
        return pattern(program, texts, visible)
    except ProgramFailed:
        # It may fail where it was not scored; here it only must not win.
        return torch.zeros(visible.shape)


def _best(column: torch.Tensor, programs: Sequence[Program], known: Set[str], most: int) -> list[Program]:
    kept: list[Program] = []
    seen = set(known)
    for place in torch.argsort(column, descending=True, stable=True).tolist():
        if programs[place].structure not in seen:
            seen.add(programs[place].structure)
            kept.append(programs[place])
        if len(kept) == most:
            break
    return kept
