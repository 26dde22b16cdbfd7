"""What of heads' attention goes to no key, as to a learned sink of their layer."""

from collections.abc import Iterable

import torch

from evaluation.row_mass import row_mass
from surrogates.library.heads import Head
from synth.material import HeadData, Material


def missing_mass(material: Material, heads: Iterable[Head]) -> dict[Head, float]:
    """Share of each head's attention: mean over the queries of each test text, and over these.

    Raises:
        InputError: see :meth:`synth.attention.AttentionStore.cells`.
    """
    return {head: _of_head(HeadData(material, head)) for head in heads}


def _of_head(data: HeadData) -> float:
    found = []
    for batch in data.batches(data.material.splits["test"]):
        seeing = batch.visible.any(-1)
        mass = row_mass(batch.target.sum(-1), seeing)
        found.append(torch.zeros(len(seeing)) if mass is None else (1 - mass).sum(-1) / seeing.sum(-1))
    return float(torch.cat(found).mean())
