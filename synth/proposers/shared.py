"""Tries programs that were found for other heads."""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch

from evaluation.similarity import similarity_matrix
from surrogates.errors import ProgramFailed
from surrogates.language.features import Texts
from surrogates.language.patterns import pattern
from surrogates.language.program import Program
from surrogates.language.tokens import TokenTable
from surrogates.library.heads import Head
from synth.engine import Engine
from synth.material import HeadData, Material

TRIAL_TEXTS = 40
"""Training texts on which the trial is made; the few that win it are refitted and scored in full."""
KEPT = 2
_TRIAL_BYTES = 500_000_000
_CHUNK = 64


def best_fitting(
    engine: Engine,
    material: Material,
    programs: Iterable[Program],
    known: Mapping[Head, Set[str]],
    progress: Callable[[int, int], None],
    kept: int = KEPT,
) -> dict[Head, list[Program]]:
    """For each head the programs that fit it best as they are, by training IoU.

    Args:
        engine: where the programs are tried.
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
        visible = material.visible(group[0].layer, lists)
        cells = np.flatnonzero(visible.any(0))
        # By torch: what NumPy picks out so lies crosswise in memory, which is slow, and adds up in another order.
        patterns = (HeadData(material, head).patterns(numbers) for head in group)
        targets = torch.stack([found.flatten(1)[:, cells] for found in patterns], dim=1).numpy()
        trial = _Trial(lists, material.table, material.causal, visible, cells, targets)
        # A chunk's patterns take no more memory than the targets may.
        size = max(1, min(_CHUNK, _TRIAL_BYTES // (4 * n * n * len(lists))))
        chunks = [distinct[start : start + size] for start in range(0, len(distinct), size)]
        tables = []
        for chunk, table in zip(chunks, engine.map(_tried, (trial,), [(chunk,) for chunk in chunks]), strict=True):
            tables.append(table)
            done += len(chunk)
            progress(done, total)
        table = np.concatenate(tables)
        for place, head in enumerate(group):
            won[head] = _best(table[:, place], distinct, known[head], kept)
    return won


@dataclass(frozen=True)
class _Trial:
    """What programs are tried on.

    Values are NumPy arrays, which joblib hands to workers as files mapped into memory rather than as copies.

    Attributes:
        lists: token numbers of t texts.
        table: facts of the tokens.
        causal: see :class:`Texts`.
        visible: cells the model lets a query see, shape (t, n, n).
        cells: those of n x n that are compared, as they are visible in some text.
        targets: the heads' patterns, shape (t, heads, cells).
    """

    lists: list[list[int]]
    table: TokenTable
    causal: bool
    visible: np.ndarray
    cells: np.ndarray
    targets: np.ndarray

    @cached_property
    def texts(self) -> Texts:
        """The texts, whose features a worker computes once for all chunks."""
        return Texts.from_lists(self.lists, self.table, causal=self.causal, torch_tensors=True)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "texts"}  # another worker computes its own


def _tried(trial: _Trial, programs: Sequence[Program]) -> np.ndarray:
    """IoU of every program with every head, shape (programs, heads)."""
    visible = torch.from_numpy(trial.visible)
    patterns = [_pattern(program, trial.texts, visible).flatten(1)[:, trial.cells] for program in programs]
    table = similarity_matrix(torch.stack(patterns, dim=1), torch.from_numpy(trial.targets))[0]
    # The measure takes rows that sum to one; a program that gave none must not win.
    table[torch.tensor([not p.any() for p in patterns])] = 0.0
    return table.numpy()


def _pattern(program: Program, texts: Texts, visible: torch.Tensor) -> torch.Tensor:
    try:
        return pattern(program, texts, visible)
    except ProgramFailed:
        # It may fail where it was not scored; here it only must not win.
        return torch.zeros(visible.shape)


def _best(column: np.ndarray, programs: Sequence[Program], known: Set[str], most: int) -> list[Program]:
    kept: list[Program] = []
    seen = set(known)
    for place in np.argsort(-column, kind="stable").tolist():
        if programs[place].structure not in seen:
            seen.add(programs[place].structure)
            kept.append(programs[place])
        if len(kept) == most:
            break
    return kept
