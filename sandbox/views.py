"""What a scripted program sees of one text: ``query``, ``key`` and ``pair`` as NumPy arrays that cannot be written to.

Shapes: n tokens; token features (n,), pair features (n, n) with queries down and keys across. Masks are float32 arrays
of 0.0 and 1.0 that also take ``& | ^ ~``; in the invisible cells of causal models distances are 0.
"""

from collections.abc import Mapping
from functools import cached_property

import numpy as np


class Mask(np.ndarray):
    """Zeros and ones: counts as a number in arithmetic, and is joined by ``& | ^ ~``."""

    def __and__(self, other: object) -> "Mask":
        return as_mask((np.asarray(self) != 0) & (np.asarray(other) != 0))

    def __or__(self, other: object) -> "Mask":
        return as_mask((np.asarray(self) != 0) | (np.asarray(other) != 0))

    def __xor__(self, other: object) -> "Mask":
        return as_mask((np.asarray(self) != 0) ^ (np.asarray(other) != 0))

    def __invert__(self) -> "Mask":
        return as_mask(np.asarray(self) == 0)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__


def as_mask(values: np.ndarray) -> Mask:
    """Booleans as a mask."""
    return np.asarray(values).astype(np.float32).view(Mask)


def read_only(values: np.ndarray) -> np.ndarray:
    """The array, or its own copy where its memory belongs to another, which then is not written to by mistake."""
    kept = values if values.flags.owndata else values.copy()
    kept.flags.writeable = False
    return kept


class TokenView:
    """One side of a pair, or its left neighbour: a feature is an attribute, shape (n,)."""

    def __init__(self, text: tuple[str, ...], features: Mapping[str, np.ndarray]) -> None:
        self.text = text
        self._here = np.ones(len(text), dtype=bool)
        self._sets: dict[tuple[str, ...], np.ndarray] = {}
        self.__dict__.update(features)
        self._features = features

    def __len__(self) -> int:
        return len(self.text)

    def __repr__(self) -> str:
        return f"the features of {len(self.text)} tokens"

    @cached_property
    def previous(self) -> "TokenView":
        """The left neighbours; nothing holds and everything is 0 before the first token."""
        features = {name: read_only(_shifted(values)) for name, values in self._features.items()}
        view = TokenView(("", *self.text[:-1]), features)
        view._here = _shifted(self._here)
        return view

    def is_one_of(self, *strings: str) -> np.ndarray:
        """Mask of the tokens whose text is among the strings."""
        if strings not in self._sets:
            found = np.fromiter((text in strings for text in self.text), bool, len(self.text))
            self._sets[strings] = read_only(as_mask(found & self._here))
        return self._sets[strings]


def _shifted(values: np.ndarray) -> np.ndarray:
    moved = np.zeros_like(values)
    moved[1:] = values[:-1]
    return moved


class PairView:
    """Features of a query and a key together: attributes of shape (n, n), and these."""

    def __init__(self, n: int, features: Mapping[str, np.ndarray], *, causal: bool) -> None:
        self._n = n
        self._causal = causal
        self._offsets: dict[int, np.ndarray] = {}
        self._windows: dict[int, np.ndarray] = {}
        self._latest: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        self.__dict__.update(features)

    def __repr__(self) -> str:
        return f"the features of {self._n} x {self._n} pairs"

    @cached_property
    def _before(self) -> np.ndarray:
        """Query index minus key index, whole numbers, shape (n, n)."""
        places = np.arange(self._n)
        return places[:, None] - places

    def zeros(self) -> np.ndarray:
        """A new array of zeros, shape (n, n)."""
        return np.zeros((self._n, self._n))

    def offset(self, k: int) -> np.ndarray:
        """Mask of the key exactly k tokens before the query."""
        if k not in self._offsets:
            found = self._before == k
            self._offsets[k] = read_only(as_mask(found & (self._before >= 0) if self._causal else found))
        return self._offsets[k]

    def within(self, k: int) -> np.ndarray:
        """Mask of the keys at most k tokens away."""
        if k not in self._windows:
            distance = np.maximum(self._before, 0) if self._causal else np.abs(self._before)
            self._windows[k] = read_only(as_mask(distance <= k))
        return self._windows[k]

    def latest(self, mask: np.ndarray) -> np.ndarray:
        """Mask of the nearest key at or before the query where a mask of keys (n,) or pairs (n, n) holds."""
        known = self._latest.get(id(mask))
        if known is not None and known[0] is mask:
            return known[1]
        cells = np.broadcast_to(np.asarray(mask) != 0, (self._n, self._n)) & (self._before >= 0)
        nearest = np.where(cells, np.arange(self._n), -1).max(axis=1, keepdims=True)
        found = read_only(as_mask((np.arange(self._n) == nearest) & (nearest >= 0)))
        if isinstance(mask, np.ndarray) and not mask.flags.writeable and mask.flags.owndata:
            # Asked for in a loop, the same mask need not be searched in every turn; a view's memory may change.
            self._latest[id(mask)] = (mask, found)
        return found
