"""Scoring every program on every head, against the loop over (program, text, head) that the method started from."""

import numpy as np
import torch

from evaluation.similarity import similarity_matrix
from surrogates.language.features import Texts
from surrogates.language.patterns import pattern
from surrogates.language.program import Program
from surrogates.language.tokens import TokenTable
from tests.benchmarks.programs import programs
from tests.benchmarks.timing import Comparison, compare

PROGRAMS, HEADS, TEXTS, TOKENS = 128, 128, 10, 64


def loop(candidates: list[Program], ids: np.ndarray, table: TokenTable, heads: np.ndarray) -> np.ndarray:
    """The fixed baseline, one pair at a time in NumPy float64: heads (h, t, n, n), IoU and cross-entropy (2, p, h)."""
    found = np.zeros((2, len(candidates), len(heads)))
    for p, program in enumerate(candidates):
        for t in range(len(ids)):
            mine = pattern(program, Texts(ids[t : t + 1], table, causal=True))[0].astype(np.float64)
            for h in range(len(heads)):
                real = heads[h, t].astype(np.float64)
                found[0, p, h] += np.minimum(mine, real).sum() / np.maximum(mine, real).sum()
                found[1, p, h] -= (real * np.log(np.maximum(mine, 1e-12))).sum() / len(real)
    return found / len(ids)


def batched(candidates: list[Program], ids: np.ndarray, table: TokenTable, heads: torch.Tensor) -> np.ndarray:
    """The same figures as the pipeline computes them."""
    texts = Texts(torch.from_numpy(ids), table, causal=True)
    cells = texts.visible[0].flatten().nonzero()[:, 0]
    mine = torch.stack([pattern(program, texts).flatten(1)[:, cells] for program in candidates], dim=1)
    targets = heads.flatten(2)[:, :, cells].transpose(0, 1)
    return torch.stack(similarity_matrix(mine, targets)).numpy()


def run() -> Comparison:
    """Time both on random texts and patterns, after checking that they agree."""
    generator = np.random.default_rng(0)
    words = [" the", " a", " and", " was", ",", ".", " Tom", " Lily", "ing", " ran", " said", '"', "\n", " dog"]
    surfaces = ["<s>", *words]
    table = TokenTable.from_surfaces(surfaces, {0})
    ids = generator.integers(1, len(surfaces), size=(TEXTS, TOKENS))
    ids[:, 0] = 0
    heads = generator.exponential(size=(HEADS, TEXTS, TOKENS, TOKENS)) * np.tri(TOKENS)
    heads = (heads / heads.sum(-1, keepdims=True)).astype(np.float32)
    candidates = programs(PROGRAMS)
    tensor = torch.from_numpy(heads)
    slow = loop(candidates[:4], ids, table, heads)
    np.testing.assert_allclose(batched(candidates[:4], ids, table, tensor), slow, rtol=1e-3)
    return compare(
        lambda: loop(candidates, ids, table, heads), lambda: batched(candidates, ids, table, tensor), rounds=3
    )
