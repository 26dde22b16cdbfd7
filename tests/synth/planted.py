"""Texts over a small vocabulary with awkward strings, and the patterns that a known program makes on them."""

import numpy as np
import torch
from torch import Tensor

from evaluation.similarity import similarity
from surrogates.language.features import Texts
from surrogates.language.patterns import pattern
from surrogates.language.program import Program
from surrogates.language.tokens import TokenTable

SURFACES = [
    "<s>", " the", " dog", " girl", ".", ",", '"', "'", "\\", "\n", " Tom", " ran", "é", "它🙂", "\t", " a'b\"c", "ing",
    " She", " 12", '\\"', "\u2028", "{x}", "%s", " of",
]  # fmt: skip
_EMBEDDINGS = np.random.default_rng(5).normal(size=(len(SURFACES), 8)).astype(np.float32)
TABLE = TokenTable.from_surfaces(SURFACES, {0}, _EMBEDDINGS)


def random_lists(texts: int, seed: int = 0, length: int = 20) -> list[list[int]]:
    generator = np.random.default_rng(seed)
    return [
        [0, *generator.integers(1, len(SURFACES), size=length - 1 - number % 3).tolist()] for number in range(texts)
    ]


def batch(lists: list[list[int]], *, causal: bool = True) -> Texts:
    return Texts.from_lists(lists, TABLE, causal=causal, torch_tensors=True)


def parse(body: str, **constants: float) -> Program:
    given = "".join(f", {name}={value}" for name, value in constants.items())
    return Program.parse(f'def f(query, key, pair{given}):\n    """Planted."""\n    return {body}\n')


def made_by(program: Program, texts: Texts) -> Tensor:
    """The program's pattern, shape (t, n, n)."""
    return torch.as_tensor(pattern(program, texts))


def iou(program: Program, texts: Texts, target: Tensor) -> float:
    return float(similarity(made_by(program, texts), target).iou.mean())
