"""Few structures for many heads: heads that use the same parts are compressed to one structure together.

Which heads go together is told by the share of each part in their dense models, so that the work grows with the number
of heads, and not with its square as if every head's structure were tried on every other.
"""

from collections.abc import Sequence
from itertools import accumulate, chain, pairwise

import numpy as np
import torch

from surrogates.library.heads import Head
from synth.material import HeadData, Material
from synth.proposers.additive.compression import Compression
from synth.proposers.additive.model import Model
from synth.proposers.additive.parts import CLASSES, family
from synth.proposers.additive.rows import Rows
from synth.proposers.additive.training import Training, stacked
from synth.proposers.additive.writing import write_draft

_WARM_STEPS = 30
"""Steps after which the optimiser knows again what each value is worth."""
_TURNS = 20


def share(
    material: Material,
    rows: Rows,
    groups: Sequence[Sequence[Head]],
    models: Sequence[Sequence[bytes]],
    most: int,
    seed: int,
) -> list[list[tuple[str, str]]]:
    """Programs for each head of some groups, as (label, source): fitted to cross-entropy, then to both.

    Those of a group have one structure. All groups are fitted at once, which takes less time.

    Args:
        rows: of the training texts, as the heads' layers see them.
        models: the heads' dense models.
        most: parts of a program.
    """
    heads = list(chain.from_iterable(groups))
    parts = family(rows.n, causal=rows.causal, masks=rows.masks)
    target = stacked((HeadData(material, head).patterns(rows.numbers) for head in heads), rows)
    model = Model(parts, len(heads), len(rows.words), len(CLASSES), seed)
    for place, saved in enumerate(chain.from_iterable(models)):
        model.restore(place, saved)
    training = Training(model, rows, target, seed)
    training.run(_WARM_STEPS, 0.005, 0.005)
    bounds = accumulate(map(len, groups), initial=0)
    alike = [list(range(start, end)) for start, end in pairwise(bounds)]
    drafts = list(Compression(training, most, alike).largest())
    found: list[list[tuple[str, str]]] = []
    for places in alike:
        written = [write_draft(parts, rows.words, draft.of(places), alike=True) for draft in drafts]
        found += [list(own) for own in zip(*written, strict=True)]
    return found


def grouped(profiles: np.ndarray, count: int, seed: int) -> list[list[int]]:
    """Rows of (n, features) in at most ``count`` groups of those that point the same way, by spherical k-means.

    Dhillon and Modha, Concept decompositions for large sparse text data using clustering, 2001; begun from rows that
    are far from each other.
    """
    points = torch.from_numpy(profiles).float()
    points = points / points.norm(dim=1, keepdim=True).clamp(min=1e-12)
    count = min(count, len(points))
    first = int(torch.randint(len(points), (1,), generator=torch.Generator().manual_seed(seed)))
    chosen = [first]
    while len(chosen) < count:
        nearest = (points @ points[chosen].T).amax(1)
        nearest[chosen] = torch.inf
        chosen.append(int(nearest.argmin()))
    centres = points[chosen]
    for _ in range(_TURNS):
        own = (points @ centres.T).argmax(1)
        sums = torch.zeros_like(centres).index_add(0, own, points)
        moved = sums / sums.norm(dim=1, keepdim=True).clamp(min=1e-12)
        if torch.equal(moved, centres):
            break
        centres = moved
    own = (points @ centres.T).argmax(1).tolist()
    groups = [[row for row, group in enumerate(own) if group == place] for place in range(count)]
    return [group for group in groups if group]
