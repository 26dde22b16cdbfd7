"""Fits the additive models of a group of heads and writes what is left of them as programs."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import torch
from torch import Tensor

from surrogates.library.candidates import Ceiling
from surrogates.library.heads import Head
from synth.corpus import Split
from synth.material import HeadData, Material
from synth.proposers.additive.compression import Compression
from synth.proposers.additive.contributions import shares_by_group
from synth.proposers.additive.model import CPU, Model
from synth.proposers.additive.parts import family
from synth.proposers.additive.rows import BATCH, Rows, rows_of
from synth.proposers.additive.training import Training, overlap, stacked
from synth.proposers.additive.writing import write_draft

GROUP = 20
"""Most heads that are fitted at once on the CPU: enough that most time goes into arithmetic, few enough to stay in the
cache."""
DEVICE_GROUP = 200
"""The same on any other device: as many as keep it busy."""
_CELLS = 4_000_000
"""Texts x heads x queries x keys that are compared at once."""
_STEPS = 180
_OVERLAP = 0.3
"""Share of the total variation in the dense models' objective."""


@dataclass(frozen=True)
class Proposed:
    """What was found for a head.

    Attributes:
        programs: (label, source), largest first.
        ceiling: of the dense model.
    """

    programs: list[tuple[str, str]]
    ceiling: Ceiling


def propose(
    material: Material, rows: Rows, heads: Sequence[Head], most: int, seed: int, device: torch.device = CPU
) -> list[Proposed]:
    """Programs for heads whose layers see alike.

    Args:
        rows: of the training texts, as the heads' layers see them.
        heads: at most some :data:`GROUP` or :data:`DEVICE_GROUP`.
        most: parts of a program.
        seed: of the models' values, and of the order of texts and rows.
        device: where the models are fitted.
    """
    parts = family(rows.n, causal=rows.causal, masks=rows.masks)
    target = stacked((HeadData(material, head).patterns(rows.numbers) for head in heads), rows)
    model = Model(parts, len(heads), len(rows.words), len(rows.class_names), seed, device)
    training = Training(model, rows, target, seed)
    training.run(_STEPS, 0.15, 0.005, _OVERLAP)
    ceilings = [_overlap(model, material, rows, heads, split) for split in ("validation", "test")]
    dense = [model.saved(place) for place in range(len(heads))]
    groups = shares_by_group(training, material, rows)
    compression = Compression(training, most)
    shares = compression.shares.tolist()
    drafts = chain(compression.largest(), compression.smaller())
    programs = [write_draft(parts, rows.words, rows.class_names, draft) for draft in drafts]
    return [
        Proposed(list(own), Ceiling(float(validation), float(test), tuple(of_parts), saved, of_groups))
        for own, validation, test, of_parts, saved, of_groups in zip(
            zip(*programs, strict=True), *ceilings, shares, dense, groups, strict=True
        )
    ]


def _overlap(model: Model, material: Material, rows: Rows, heads: Sequence[Head], split: Split) -> Tensor:
    """Mean IoU of each head's model on the texts of a split, (h,)."""
    numbers = material.splits[split]
    data = [HeadData(material, head) for head in heads]
    found = []
    size = max(1, min(BATCH, _CELLS // (rows.n**2 * len(heads))))
    for start in range(0, len(numbers), size):
        some = numbers[start : start + size]
        n = max(len(material.ids[number]) for number in some)
        every = np.broadcast_to(np.arange(n), (len(some), n))
        seen = rows_of(material, heads[0].layer, some, every, rows.words, rows.masks)
        target = stacked((own.patterns(some) for own in data), seen)
        found.append(overlap(model, seen, target))
    return torch.cat(found).mean(0)
