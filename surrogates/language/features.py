"""Values of the vocabulary's features for a batch of texts, in NumPy or torch.

Shapes: b texts, n columns (tokens with padding), q queries (the last q columns). Token features are computed for all n
columns and handed to a program as a column (b, q, 1) or a row (b, 1, n); pair features as (b, q, n) or something that
broadcasts to it. Everything is integer or float32.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from surrogates.language.backend import Array, Backend, as_numpy, backend_of
from surrogates.language.clusters import is_cluster
from surrogates.language.pair_features import PairView
from surrogates.language.token_features import MASK_OF_NEWEST, NUMBER_OF_NEWEST, NUMBERS, token_mask
from surrogates.language.tokens import TokenTable
from surrogates.language.vocabulary import FeatureUnavailable, token_feature
from surrogates.language.word_weights import word_weights

KEPT_BYTES = 1 << 30
"""Bytes of features and of what programs make of them alone that a batch keeps; what comes later is computed anew."""


@dataclass(frozen=True)
class Known:
    """What texts keep for those that have a token more, as in generation.

    Attributes:
        entries, table: as of the texts.
        values: by name, arrays whose first axis is that of the texts and whose last is that of their tokens.
    """

    entries: Array
    table: TokenTable
    values: Mapping[Any, Array]

    def __deepcopy__(self, _: Any) -> "Known":
        return self  # none of it is ever changed

    def rearranged(self, move: Callable[[torch.Tensor], torch.Tensor]) -> "Known":
        """The same of texts whose tokens were rearranged, by what the same operation makes of each array."""

        def moved(values: Array) -> Array:
            found = move(torch.as_tensor(values))
            return found if isinstance(values, torch.Tensor) else found.numpy()

        return Known(moved(self.entries), self.table, {name: moved(value) for name, value in self.values.items()})

    def in_numpy(self) -> "Known":
        """The same in NumPy."""
        if not isinstance(self.entries, torch.Tensor):
            return self
        values = {name: as_numpy(value) for name, value in self.values.items()}
        return Known(as_numpy(self.entries), self.table, values)


class Texts:
    """A batch of token ids whose features are computed when asked for and kept.

    Attributes:
        table: facts of the tokens as they stand in these texts.
        entries: each token's row in it, shape (b, n).
        padded_left: whether padding is known to stand on the left alone, if anywhere.

    Args:
        ids: token ids, shape (b, n), a NumPy array or a torch tensor; features come back in the same kind.
        table: facts of the tokens.
        mask: True at real tokens, shape (b, n); None when nothing is padded. Padding may stand left or right.
        causal: whether queries see only keys at or before them.
        queries: how many of the last columns are queries; all by default, 1 in a decoding step.
        known: of the same causal texts without their last tokens, none of which is padding, nor is any of the tokens
            before these; padding stands on the left.
    """

    def __init__(
        self,
        ids: Array,
        table: TokenTable,
        *,
        mask: Array | None = None,
        causal: bool,
        queries: int | None = None,
        known: Known | None = None,
    ) -> None:
        if ids.ndim != 2:
            raise ValueError(f"ids must have shape (texts, tokens), not {tuple(ids.shape)}")
        self.backend: Backend = backend_of(ids)
        self.ids: Array = ids
        self.causal = causal
        self.n = ids.shape[1]
        self.queries = self.n if queries is None else queries
        # Comparing turns the 0 and 1 of a tokenizer's attention mask into booleans.
        self._mask = None if mask is None else mask != 0
        self.padded = mask is not None
        self.table, self.entries = table, ids
        if table.broken:  # or else nothing need be read back from a device
            if known is not None and not table.has_inside(as_numpy(ids[:, -1])):
                self.table, self.entries = known.table, self.backend.concatenate([known.entries, ids[:, -1:]])
            else:
                known = None  # the facts of a character that is now complete
                self.table, entries = table.in_context(as_numpy(ids), as_numpy(self.mask) if self.padded else None)
                self.entries = torch.from_numpy(entries).to(ids.device) if isinstance(ids, torch.Tensor) else entries
        self.padded_left = known is not None
        self._before = {} if known is None else known.values
        self._cache: dict[Any, Array] = {}
        self._kept = 0
        self._grows: list[Any] = []

    @classmethod
    def from_lists(
        cls,
        lists: Sequence[Sequence[int]],
        table: TokenTable,
        *,
        causal: bool,
        torch_tensors: bool = False,
        width: int | None = None,
    ) -> "Texts":
        """Batch texts of several lengths, padded on the right to ``width`` columns, or to the longest."""
        n = width or max(map(len, lists))
        ids: Array = np.zeros((len(lists), n), dtype=np.int64)
        mask: Array = np.zeros((len(lists), n), dtype=bool)
        for row, tokens in enumerate(lists):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = True
        padding: Array = None if mask.all() else mask
        if torch_tensors:
            ids, padding = torch.from_numpy(ids), None if padding is None else torch.from_numpy(padding)
        return cls(ids, table, mask=padding, causal=causal)

    def rows(self, chosen: slice) -> "Texts":
        """Some texts of the batch; nothing that was computed for it is kept."""
        mask = self.mask[chosen] if self.padded else None
        return Texts(self.ids[chosen], self.table, mask=mask, causal=self.causal, queries=self.queries)

    @property
    def mask(self) -> Array:
        """True at real tokens, shape (b, n)."""
        return self.keep("mask", lambda: self.ids == self.ids) if self._mask is None else self._mask

    # What programs receive.

    @property
    def query(self) -> "TokenView":
        return TokenView(self, is_query=True, shift=0)

    @property
    def key(self) -> "TokenView":
        return TokenView(self, is_query=False, shift=0)

    @property
    def pair(self) -> "PairView":
        return PairView(self)

    @property
    def visible(self) -> Array:
        """Cells a query may see without any window: shape (b, q, n), False in rows and columns of padding."""
        return self.keep("visible", self._visible)

    def _visible(self) -> Array:
        cells = self.as_query(self.mask) & self.as_key(self.mask)
        return cells & self.at_or_before if self.causal else cells

    @property
    def at_or_before(self) -> Array:
        """Key column at or before the query's, shape (1, q, n)."""
        return self.keep(
            "at_or_before", lambda: self.columns[None, None, :] <= self.columns[None, -self.queries :, None]
        )

    # Parts that features are made of.

    def keep(self, name: Any, compute: Callable[[], Array], newest: Callable[[Array], Array] | None = None) -> Array:
        """The value under a name, computed once as long as there is room to keep it.

        Args:
            name: tells it from all else.
            compute: makes it.
            newest: makes what is new of it where the texts had a token less before, from what it was then: of shape
                (b, …, n - 1), and (b, …, 1).
        """
        if name in self._cache:
            return self._cache[name]
        before = self._before.get(name) if newest is not None else None
        value = compute() if before is None or newest is None else self.backend.concatenate([before, newest(before)])
        if self._kept + value.nbytes <= KEPT_BYTES:
            self._cache[name] = value
            self._kept += value.nbytes
            if newest is not None:
                self._grows.append(name)
        return value

    def known(self) -> Known:
        """What these texts keep for those that have a token more."""
        return Known(self.entries, self.table, {name: self._cache[name] for name in self._grows})

    @property
    def columns(self) -> Array:
        return self.keep("columns", lambda: self.backend.positions(self.n, self.ids))

    def as_query(self, values: Array) -> Array:
        """(b, n) -> (b, q, 1)."""
        return values[:, self.n - self.queries :, None]

    def as_key(self, values: Array) -> Array:
        """(b, n) -> (b, 1, n)."""
        return values[:, None, :]

    def shifted(self, values: Array, shift: int) -> Array:
        """Values of the token ``shift`` places to the left, shape (b, n); False or 0 where there is none."""
        if shift == 0:
            return values
        empty = values[:, :1] & False if _is_mask(values) else values[:, :1] * 0
        moved = self.backend.concatenate([empty] * min(shift, self.n) + [values[:, : max(self.n - shift, 0)]])
        # With padding on the left the neighbour may be padding; with padding on the right the token itself may be.
        return _zero_unless(self.mask & (self.number("index") >= shift), moved) if self.padded else moved

    def left(self, values: Array, shift: int, last: int) -> Array:
        """The same for the last tokens alone, shape (b, last), of values that are False or 0 at padding.

        Where such a token is padding itself, it is the value of any token.
        """
        start = self.n - last - shift
        return values[:, start : self.n - shift] if start >= 0 else self.shifted(values, shift)[:, self.n - last :]

    def number(self, name: str) -> Array:
        """A number feature of the tokens in the type it is counted in, shape (b, n); 0 at padding."""

        def compute() -> Array:
            values = NUMBERS[name](self)
            return _zero_unless(self.mask, values) if self.padded else values

        own = NUMBER_OF_NEWEST.get(name)
        return self.keep(("number", name), compute, own and (lambda before: own(self, before)))

    def token_mask(self, name: str) -> Array:
        """A mask token feature for all columns, shape (b, n)."""
        own = MASK_OF_NEWEST.get(name)
        return self.keep(("mask", name), lambda: token_mask(self, name) & self.mask, own and (lambda _: own(self)))

    def token(self, name: str, shift: int = 0) -> Array:
        """A token feature for all columns, of the token ``shift`` places to the left: bool or float32, shape (b, n).

        Raises:
            FeatureUnavailable: the feature would tell a causal model of the future, or is a cluster that is unknown.
        """
        feature = token_feature(name)
        assert feature is not None
        if self.causal and feature.encoders_only:
            raise FeatureUnavailable(f"{name} is for encoders only: it depends on what comes later")
        if feature.type == "mask":
            return self.keep(("token", name, shift), lambda: self.shifted(self.token_mask(name), shift))
        return self.keep(("token", name, shift), lambda: self.backend.number(self.shifted(self.number(name), shift)))

    def one_of(self, strings: tuple[str, ...], shift: int = 0) -> Array:
        """Mask of tokens whose text is among the strings, shape (b, n)."""

        def compute() -> Array:
            found = self.table.on(self.ids, strings, lambda table: table.one_of(strings))
            return self.shifted(found[self.entries] & self.mask, shift)

        return self.keep(("one_of", strings, shift), compute)

    def fact(self, name: str) -> Array:
        """A fact of the tokens alone, see `TokenTable`: shape (b, n).

        Raises:
            FeatureUnavailable: it is a cluster that the table does not have.
        """
        if is_cluster(name) and name not in self.table.columns:
            known = self.table.clusters
            there = f"there are {', '.join(known)}" if known else "no clusters of words are at hand"
            raise FeatureUnavailable(f"{name} is no cluster of this run's words; {there}")
        return self.table.on(self.ids, name, lambda table: table.columns[name])[self.entries]

    def ids_left(self, shift: int) -> Array:
        """Token ids ``shift`` places to the left plus one; 0 where there is none, shape (b, n)."""
        return self.keep(
            ("ids", shift),
            lambda: self.shifted((self.ids + 1) * self.mask, shift),
            lambda _: self.left(self.ids_left(0), shift, 1) if shift else self.ids[:, -1:] + 1,
        )

    def entries_left(self, shift: int) -> Array:
        """The same of the rows in the table."""
        return self.keep(("entries", shift), lambda: self.shifted((self.entries + 1) * self.mask, shift))

    def same(self, query_ids: Array, key_ids: Array) -> Array:
        """Mask of pairs with equal ids, "none" aside, shape (b, q, n)."""
        queries = self.as_query(query_ids)
        return (queries == self.as_key(key_ids)) & (queries > 0)

    def difference(self, name: str) -> Array:
        """Query's minus key's value of a counting feature, integers, shape (b, q, n).

        In the invisible cells of causal models it is 0.
        """

        def compute() -> Array:
            if name == "index" and self.causal and self.queries == 1 and (self.padded_left or not self.padded):
                return (self.n - 1 - self.columns)[None, None]
            values = self.number(name)
            cells = self.as_query(values) - self.as_key(values)
            return self.backend.at_least(cells, 0) if self.causal else cells

        return self.keep(("difference", name), compute)


class TokenView:
    """One side of a pair, as a program sees it: ``query`` or ``key``, or the left neighbour of either."""

    def __init__(self, texts: Texts, *, is_query: bool, shift: int) -> None:
        self._texts = texts
        self._is_query = is_query
        self._shift = shift

    @property
    def previous(self) -> "TokenView":
        return TokenView(self._texts, is_query=self._is_query, shift=self._shift + 1)

    def is_one_of(self, *strings: str) -> Array:
        return self._aim(self._texts.one_of(strings, self._shift))

    def weights(self, words: tuple[str, ...], classes: tuple[str, ...], values: Array) -> Array:
        """See `word_weights`; compiled programs ask, no program can."""
        return self._aim(word_weights(self._texts, words, classes, values, self._shift))

    def __getattr__(self, name: str) -> Array:
        if token_feature(name) is None:
            raise AttributeError(f"no token feature is called {name}")
        return self._aim(self._texts.token(name, self._shift))

    def _aim(self, values: Array) -> Array:
        return self._texts.as_query(values) if self._is_query else self._texts.as_key(values)


def _zero_unless(condition: Array, values: Array) -> Array:
    return values & condition if _is_mask(values) else values * condition


def _is_mask(values: Array) -> bool:
    return values.dtype in (np.bool_, torch.bool)
