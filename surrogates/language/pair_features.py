"""What pair features are: masks and numbers for queries and keys together, shape (b, q, n) or what broadcasts to it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from surrogates.language.backend import Array
from surrogates.language.vocabulary import PAIR_FEATURES, FeatureUnavailable

if TYPE_CHECKING:
    from surrogates.language.features import Texts


class PairView:
    """Features of a query and a key together, as a program sees them."""

    def __init__(self, texts: "Texts") -> None:
        self._texts = texts

    def keep(self, expression: str, compute: Callable[[], Array]) -> Array:
        """The value of an expression that the texts alone decide; compiled programs ask, no program can."""
        return self._texts.keep(("expression", expression), compute)

    def offset(self, k: int) -> Array:
        texts = self._texts

        def compute() -> Array:
            cells = texts.difference("index") == k
            # Clamping puts every invisible cell at distance 0.
            return cells & texts.at_or_before if texts.causal and k == 0 and texts.queries > 1 else cells

        return texts.keep(("offset", k), compute)

    def within(self, k: int) -> Array:
        return self._texts.keep(("within", k), lambda: abs(self._texts.difference("index")) <= k)

    def latest(self, mask: Array) -> Array:
        """The nearest key at or before the query where the mask of keys (b, 1, n) or pairs (b, q, n) holds."""
        return self._texts.columns == self.nearest(mask)

    def nearest(self, mask: Array) -> Array:
        """The column of that key, -1 if there is none: whole numbers, shape (b, q, 1); no program can ask."""
        texts, backend = self._texts, self._texts.backend
        columns = texts.columns
        if mask.shape[-2] == 1 and texts.queries > 1:
            # One running maximum over the keys serves every query.
            running = backend.cumulative_max(backend.where(mask[..., 0, :] & texts.mask, columns, -1))
            return texts.as_query(running)
        cells = mask & texts.as_key(texts.mask) if texts.padded else mask
        cells = cells & texts.at_or_before if texts.queries > 1 else cells
        return backend.row_max(backend.where(cells, columns, -1))

    def before(self, k: int) -> Array:
        """The column of the key k tokens before the query, -1 if there is none, in the same way; no key is ahead of
        the query in a causal model."""
        texts, backend = self._texts, self._texts.backend
        columns = texts.columns
        place = texts.as_query(texts.number("index") - k)[..., 0]
        if texts.padded:
            # Where the token of each index stands; padding is put behind the others, whose number is the last index's.
            index = backend.where(texts.mask, texts.number("index"), columns + texts.n)
            order, last = backend.order(index), texts.mask.sum(-1)[:, None] - 1
        else:
            order, last = columns[None], columns[-1:]
        there = (place >= 0) & (place <= last) & (k >= 0 if texts.causal else k == k)
        found = backend.along(order, backend.clip(place, 0, texts.n - 1))
        return backend.where(there, found, found * 0 - 1)[..., None]

    def __getattr__(self, name: str) -> Array:
        if name not in _PAIRS:
            raise AttributeError(f"no pair feature is called {name}")
        return self._texts.keep(("pair", name), lambda: _PAIRS[name](self._texts))


def _similarity(texts: "Texts") -> Array:
    if texts.table.embeddings is None:
        raise FeatureUnavailable("similarity needs the model's input embeddings")
    vectors = texts.table.embeddings_on(texts.ids)[texts.ids]
    return vectors[:, texts.n - texts.queries :] @ vectors.swapaxes(-1, -2)


def _same_stretch(texts: "Texts", name: str) -> Array:
    values = texts.number(name)
    same = texts.as_query(values) == texts.as_key(values)
    return same & texts.as_query(texts.mask) & texts.as_key(texts.mask) if texts.padded else same


_PAIRS: dict[str, Callable[["Texts"], Array]] = {
    "distance": lambda t: t.backend.number(t.difference("index")),
    "log_distance": lambda t: t.backend.log(t.backend.number(abs(t.difference("index"))) + 1),
    "same_token": lambda t: t.same(t.ids_left(0), t.ids_left(0)),
    "same_word": lambda t: _same_stretch(t, "word"),
    "word_distance": lambda t: t.backend.number(t.difference("word")),
    "same_sentence": lambda t: _same_stretch(t, "sentence"),
    "sentence_distance": lambda t: t.backend.number(t.difference("sentence")),
    "follows_same_token": lambda t: t.same(t.ids_left(0), t.ids_left(1)),
    "follows_same_bigram": lambda t: t.same(t.ids_left(0), t.ids_left(1)) & t.same(t.ids_left(1), t.ids_left(2)),
    "same_previous_token": lambda t: t.same(t.ids_left(1), t.ids_left(1)),
    "similarity": _similarity,
}


def pair_feature(texts: "Texts", name: str) -> Array:
    """A pair feature without an argument, shape (b, q, n) or the same for every text, (1, q, n).

    Raises:
        FeatureUnavailable: it has no value for this model.
    """
    return getattr(PairView(texts), name)


_METHODS = {"offset", "within", "latest"}
if set(_PAIRS) | _METHODS != set(PAIR_FEATURES):
    raise AssertionError("the vocabulary and its implementation disagree")
