"""An arm of a measurement: what stands in for which head, in terms that tell it from every other one."""

import hashlib
import json
from collections.abc import Mapping
from typing import Protocol

import torch
from torch import Tensor

from surrogates.language.program import Program
from surrogates.library.heads import Head
from surrogates.running.assignment import Assignment, Baseline, Recorded


class MadePattern(Protocol):
    """A pattern that is made for each text."""

    @property
    def name(self) -> str:
        """Tells it from every other one: two of the same name make the same patterns."""
        ...

    def make(self, ids: Tensor, visible: Tensor) -> Tensor:
        """The pattern on a text.

        Args:
            ids: of its tokens, shape (n,).
            visible: what queries see, shape (n, n).

        Returns:
            float32, shape (n, n); 0 where nothing is visible.
        """
        ...


Arm = Mapping[Head, Program | Baseline | MadePattern]


def content(arm: Arm) -> str:
    """What an arm consists of: equal for two arms exactly if the same stands in for the same heads."""
    return json.dumps({str(head): _name(arm[head]) for head in sorted(arm)})


def on_batch(arm: Arm, ids: Tensor, lengths: list[int], visible: Mapping[Head, Tensor]) -> Assignment:
    """The assignment that an arm is on a batch of texts.

    Args:
        ids: shape (texts, n), padded on the right.
        lengths: of the texts.
        visible: what the queries of each head see, shape (texts, n, n).
    """
    return {
        head: own if isinstance(own, Program | Baseline) else _recorded(own, ids, lengths, visible[head])
        for head, own in arm.items()
    }


def is_made(surrogate: Program | Baseline | MadePattern) -> bool:
    """Whether its patterns are made for each text."""
    return not isinstance(surrogate, Program | Baseline)


def _recorded(made: MadePattern, ids: Tensor, lengths: list[int], visible: Tensor) -> Recorded:
    found = torch.zeros(visible.shape)
    for row, n in enumerate(lengths):
        found[row, :n, :n] = made.make(ids[row, :n], visible[row, :n, :n])
    return Recorded(found)


def _name(surrogate: Program | Baseline | MadePattern) -> str:
    if isinstance(surrogate, Program):
        of = surrogate.clusters.vocabulary if surrogate.cluster_names else ""
        return "program " + hashlib.sha256(f"{of}\n{surrogate.source}".encode()).hexdigest()[:32]
    return surrogate.value if isinstance(surrogate, Baseline) else surrogate.name
