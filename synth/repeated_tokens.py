"""How each head looks at random tokens that come twice: nothing but the repetition tells where to look.

Olsson et al., In-context learning and induction heads, 2022, tell induction heads so.
"""

from collections.abc import Sequence

import numpy as np

from surrogates.library.head_scores import HeadScores
from surrogates.library.heads import Head
from synth.attention import batch_patterns
from synth.material import Material
from synth.models import LoadedModel
from synth.shards import layer_name, visible_cells

_TEXTS = 8
"""With 25 tokens each, 200 queries: enough to tell heads that look at one key from those that do not."""
_LONGEST = 25
"""Tokens that are repeated; what a head makes of more is much the same."""
_SHORTEST = 4
"""With fewer, what followed the earlier copy is the token before the query, or nearly so."""


def measure_scores(loaded: LoadedModel, material: Material, longest: int, seed: int) -> dict[Head, HeadScores]:
    """Scores of every head of a model.

    Tokens are drawn from those of the run's texts, special ones and pieces of characters aside, and no token comes
    twice in a copy. Where a layer's window would not reach the earlier copy, fewer are drawn for it.

    Args:
        material: of the run.
        longest: tokens of a text, at most.
        seed: of the draw.

    Returns:
        All but the missing mass. Heads whose window, or whose texts, are too short to repeat four tokens have none.

    Raises:
        InputError: see :func:`synth.attention.extract`.
    """
    special = material.table.columns["is_special"]
    ordinary = [
        token for row, token in enumerate(material.vocabulary) if not special[row] and row not in material.table.broken
    ]
    start = [loaded.tokenizer.bos_token_id] if loaded.add_bos else []
    room = min(_LONGEST, (longest - len(start)) // 2, len(ordinary))
    counts = [room if window is None else min(room, window - 1) for window in loaded.windows]
    found: dict[Head, HeadScores] = {}
    for count in sorted(set(counts)):
        layers = [layer for layer, own in enumerate(counts) if own == count]
        heads = [head for head in loaded.heads if head.layer in layers]
        if count < _SHORTEST:
            found |= dict.fromkeys(heads, HeadScores())
            continue
        generator = np.random.default_rng(seed)
        copies = [generator.choice(ordinary, count, replace=False).tolist() for _ in range(_TEXTS)]
        cells = batch_patterns(loaded, [start + copy + copy for copy in copies])
        for head in heads:
            seen = visible_cells([len(start) + 2 * count], loaded.causal, loaded.windows[head.layer])[0]
            patterns = np.zeros((_TEXTS, *seen.shape), np.float32)
            patterns[:, seen] = cells[layer_name(head.layer)][head.index].reshape(_TEXTS, -1)
            found[head] = _scores(patterns, count, causal=loaded.causal)
    return dict(sorted(found.items()))


def _scores(patterns: np.ndarray, count: int, *, causal: bool) -> HeadScores:
    """Of patterns, shape (texts, n, n), on texts that end in two copies of ``count`` tokens."""
    queries = np.arange(patterns.shape[1] - count, patterns.shape[1])  # the second copy

    def mean(keys: np.ndarray | Sequence[int]) -> float:
        return float(patterns[:, queries, keys].mean())

    return HeadScores(
        # Where both directions are seen, the next token is copied from no earlier one: it is there.
        induction=mean(queries - count + 1) if causal else None,
        duplicate_token=mean(queries - count),
        previous_token=mean(queries - 1),
        current_token=mean(queries),
        first_token=mean(np.zeros_like(queries)),
    )
