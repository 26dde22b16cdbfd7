"""Few structures for many heads: heads that use the same parts are compressed to one structure together.

Which heads go together is told by the share of each part in their dense models, so that the work grows with the number
of heads, and not with its square as if every head's structure were tried on every other.
"""

from collections.abc import Sequence
from itertools import accumulate, chain, pairwise

import torch

from surrogates.library.heads import Head
from synth.material import HeadData, Material
from synth.proposers.additive.compression import Compression
from synth.proposers.additive.model import CPU, Model
from synth.proposers.additive.parts import family
from synth.proposers.additive.rows import Rows
from synth.proposers.additive.training import Training, stacked
from synth.proposers.additive.writing import write_draft

_WARM_STEPS = 30
"""Steps after which the optimiser knows again what each value is worth."""


def share(
    material: Material,
    rows: Rows,
    groups: Sequence[Sequence[Head]],
    models: Sequence[Sequence[bytes]],
    most: int,
    seed: int,
    device: torch.device = CPU,
) -> list[list[tuple[str, str]]]:
    """Programs for each head of some groups, as (label, source): fitted to cross-entropy, then to both.

    Those of a group have one structure. All groups are fitted at once, which takes less time.

    Args:
        rows: of the training texts, as the heads' layers see them.
        models: the heads' dense models.
        most: parts of a program.
        seed: of the order of texts and rows.
        device: where the models are fitted.
    """
    heads = list(chain.from_iterable(groups))
    parts = family(rows.n, causal=rows.causal, masks=rows.masks)
    target = stacked((HeadData(material, head).patterns(rows.numbers) for head in heads), rows)
    model = Model(parts, len(heads), len(rows.words), len(rows.class_names), seed, device)
    for place, saved in enumerate(chain.from_iterable(models)):
        model.restore(place, saved)
    training = Training(model, rows, target, seed)
    training.run(_WARM_STEPS, 0.005, 0.005)
    bounds = accumulate(map(len, groups), initial=0)
    alike = [list(range(start, end)) for start, end in pairwise(bounds)]
    drafts = list(Compression(training, most, alike).largest())
    found: list[list[tuple[str, str]]] = []
    for places in alike:
        written = [write_draft(parts, rows.words, rows.class_names, draft.of(places), alike=True) for draft in drafts]
        found += [list(own) for own in zip(*written, strict=True)]
    return found
