"""Functions of one whole number, a token's index or a distance, at all numbers that texts have: tables that grow."""

from collections.abc import Sequence

import numpy as np
import torch

from surrogates.language.apart import expression
from surrogates.language.backend import TORCH, Array
from surrogates.language.features import Texts
from surrogates.language.patterns import scores
from surrogates.language.tokens import TokenTable

_LEAST = 256
"""Numbers in a table at first."""
_NO_TOKENS = TokenTable((), {})


class Tabulated:
    """Expressions of one whole number, tabulated.

    Args:
        sources: the expressions; None for 0.
    """

    def __init__(self, sources: Sequence[str | None]) -> None:
        self._sources = sources
        self._tables: dict[tuple[bool, torch.device | None], Array] = {}

    def of_index(self, texts: Texts) -> Array:
        """The values at each index that the texts may have, shape (expressions, indices or more)."""
        return self._on(texts, of_distance=False)

    def of_distance(self, texts: Texts) -> Array:
        """The values at each distance from the farthest on, so that those of a row of keys are in a row.

        The last is 0, and in encoders, whose queries see ahead, the one in the middle.
        """
        return self._on(texts, of_distance=True)

    def _on(self, texts: Texts, *, of_distance: bool) -> Array:
        device = texts.ids.device if isinstance(texts.ids, torch.Tensor) else None
        place = texts.causal, device
        signed = of_distance and not texts.causal
        held = self._tables.get(place)
        if held is None or (held.shape[1] + signed) // (1 + signed) < texts.n:
            count = max(_LEAST, 1 << (texts.n - 1).bit_length())
            numbers = _distances(count, causal=texts.causal) if of_distance else _indices(count)
            # In an encoder the last token stands for the query alone.
            rows = [_row(source or "0.0", numbers) for source in self._sources]
            made = np.ascontiguousarray(np.stack(rows)[:, : numbers.n - signed])
            self._tables[place] = held = made if device is None else TORCH.array(made, device)
        return held


def _row(source: str, numbers: Texts) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.broadcast_to(scores(expression(source), numbers), (1, 1, numbers.n))[0, 0]


def _indices(count: int) -> Texts:
    return Texts(np.zeros((1, count), dtype=np.int64), _NO_TOKENS, causal=True, queries=1)


def _distances(count: int, *, causal: bool) -> Texts:
    """A text whose last token is so many tokens away from the others; in an encoder from either side."""
    if causal:
        return _indices(count)
    texts = Texts(np.zeros((1, 2 * count), dtype=np.int64), _NO_TOKENS, causal=False, queries=1)
    texts.keep(("number", "index"), lambda: np.append(np.arange(2 * count - 1), count - 1).astype(np.int32)[None])
    return texts
