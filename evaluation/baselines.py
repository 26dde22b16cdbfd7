"""What explains nothing of a head, to compare its program with."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from surrogates.language.program import Program
from surrogates.running.assignment import Baseline


def _plain(hypothesis: str, scores: str) -> Program:
    return Program.parse(f'def attend(query, key, pair):\n    """{hypothesis}"""\n    return {scores}\n')


# Beside a score of 100 nothing else has a weight in single precision; where the key is not there, all are alike.
UNIFORM = _plain("Every visible key alike.", "0")
FIRST = _plain("The first token.", "100 * key.is_first")
PREVIOUS = _plain("The token before.", "100 * pair.offset(1)")

Plain = Literal["uniform", "first", "previous", "zero"]
PLAIN: Mapping[Plain, Program | Baseline] = {
    "uniform": UNIFORM,
    "first": FIRST,
    "previous": PREVIOUS,
    "zero": Baseline.ZERO,
}
"""The same for every head."""
BASELINES: Mapping[str, Program] = {"uniform": UNIFORM, "first": FIRST, "previous": PREVIOUS}
"""Those that are programs, which a head's is compared with."""


@dataclass(frozen=True, eq=False)
class MeanPattern:
    """A head's mean pattern over train texts, by the positions of query and key in the text.

    A query beyond all of them attends as the last one that there was: by distance, but for the first token. Where
    queries look ahead, what falls beyond the end of a text goes to the keys that are there.

    Attributes:
        mean: float32, shape (n, n).
    """

    mean: np.ndarray = field(repr=False)

    @classmethod
    def of(cls, patterns: np.ndarray, lengths: np.ndarray) -> "MeanPattern":
        """The mean of patterns, shape (texts, n, n), of texts of these lengths; each row over those that have it."""
        n = patterns.shape[1]
        having = (lengths[:, None] > np.arange(n)).sum(0)  # texts with a query at each position
        return cls((patterns.sum(0, dtype=np.float64) / np.maximum(having, 1)[:, None]).astype(np.float32))

    @property
    def name(self) -> str:
        return "mean pattern " + hashlib.sha256(self.mean.tobytes()).hexdigest()[:32]

    def make(self, ids: Tensor, visible: Tensor) -> Tensor:
        """See :class:`evaluation.arms.MadePattern`."""
        n, known = len(ids), len(self.mean)
        found = torch.zeros(n, n)
        shared = min(n, known)
        found[:shared, :shared] = torch.from_numpy(self.mean[:shared, :shared])
        last = torch.from_numpy(self.mean[-1])
        for query in range(known, n):
            found[query, 0] = last[0]
            found[query, query - known + 2 : query + 1] = last[1:]
        found *= visible
        if bool(visible.triu(1).any()):
            mass = torch.from_numpy(self.mean.sum(-1))[torch.arange(n).clamp(max=known - 1), None]
            found *= mass / found.sum(-1, keepdim=True).clamp(min=torch.finfo(found.dtype).tiny)
        return found
