"""What token features are: masks and numbers for all columns of a batch, shape (b, n)."""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from surrogates.language.backend import Array, OnDevices
from surrogates.language.tokens import TokenTable

if TYPE_CHECKING:
    from surrogates.language.features import Texts


def token_mask(texts: "Texts", name: str) -> Array:
    """A mask for all columns, shape (b, n); either at padding."""
    return MASKS[name](texts) if name in MASKS else texts.fact(name)


def _index(texts: "Texts") -> Array:
    # Without padding it is the same in every text, and so is all that follows from it: computed once a batch.
    return texts.backend.count(texts.mask) - 1 if texts.padded else texts.columns[None]


def _last(texts: "Texts") -> Array:
    real = texts.mask
    nothing = real[:, :1] & False
    return real & ~texts.backend.concatenate([real[:, 1:], nothing])


def _sentence_start(texts: "Texts") -> Array:
    ends = texts.token_mask("is_sentence_end") | texts.token_mask("is_newline")
    return (texts.number("index") == 0) | (texts.shifted(ends, 1) & ~ends)


def _word_start(texts: "Texts") -> Array:
    closed = (texts.number("index") == 0) | texts.shifted(texts.token_mask("closes_word"), 1)
    return texts.fact("opens_word") | (closed & ~texts.fact("joins"))


def _new_word(texts: "Texts") -> Array:
    """Where the count of words goes on: at a word's start, and wherever letters or digits meet something else."""
    wordlike = texts.token_mask("is_wordlike")
    met = ~wordlike | ~texts.shifted(wordlike, 1)
    return texts.token_mask("is_word_start") | (met & ~texts.fact("goes_on"))


def _running(texts: "Texts", starts: Array) -> Array:
    return texts.backend.count(starts & texts.mask)


def _since(texts: "Texts", starts: Array) -> Array:
    """Tokens since the last start, or else since the first token, integers, shape (b, n)."""
    backend, columns = texts.backend, texts.columns
    starts = (starts | (texts.number("index") == 0)) & texts.mask  # a text may begin within a word
    return columns - backend.cumulative_max(backend.where(starts, columns, columns[:1] * 0))


def _occurrences(texts: "Texts") -> Array:
    # Sorted, equal tokens stand in a row, from the earliest on.
    backend, columns = texts.backend, texts.columns
    order = backend.order(texts.ids_left(0))
    ids = backend.along(texts.ids_left(0), order)
    begins = backend.concatenate([ids[:, :1] == ids[:, :1], ids[:, 1:] != ids[:, :-1]])
    first = backend.cumulative_max(backend.where(begins, columns, columns[:1] * 0))
    return backend.along(columns - first, backend.order(order))


MASKS: dict[str, Callable[["Texts"], Array]] = {
    "is_first": lambda t: t.number("index") == 0,
    "is_last": _last,
    "is_word_start": _word_start,
    "is_sentence_start": _sentence_start,
}
IN_CONTEXT = frozenset(MASKS)
"""Masks of tokens that depend on other tokens, too."""
NUMBERS: dict[str, Callable[["Texts"], Array]] = {
    "index": _index,
    "length": lambda t: t.fact("length"),
    "occurrences": _occurrences,
    "word": lambda t: _running(t, _new_word(t)),
    "sentence": lambda t: _running(t, t.token_mask("is_sentence_start")),
    "word_position": lambda t: _since(t, _new_word(t)),
    "sentence_position": lambda t: _since(t, t.token_mask("is_sentence_start")),
}


# What a token is beside the one before it is looked up where texts grow by a token at a time: that takes a few
# operations, where the features above take dozens.
_TELLING = ("opens_word", "joins", "goes_on", "closes_word", "is_wordlike", "is_sentence_end", "is_newline")
"""The facts of a token and of the one before it that decide the following."""
STANDS = ("is_first", "is_sentence_start", "is_word_start")
"""Masks that depend on the tokens before."""


def stands(texts: "Texts") -> Array:
    """Which of these masks hold of each token, as bits of a number, shape (b, n); 0 at padding."""
    return texts.keep("stands", lambda: _stands(texts), lambda _: _newest(texts, "stands"))


def _stands(texts: "Texts") -> Array:
    held = [texts.backend.whole(texts.token_mask(name)) for name in STANDS]
    return sum(mask << place for place, mask in enumerate(held))


_BESIDE: dict[str, Callable[["Texts"], Array]] = {
    "is_word_start": _word_start,
    "is_sentence_start": _sentence_start,
    "new word": _new_word,
    "stands": _stands,
}


def _newest(texts: "Texts", name: str) -> Array:
    """What holds of the last token, which is not the first: whole numbers, shape (b, 1); see `_BESIDE`."""

    def compute() -> Array:
        codes = texts.table.on(texts.ids, "what stands beside", _codes)[texts.entries[:, -2:]]
        pairs = codes[:, :1] * (1 << len(_TELLING)) + codes[:, 1:]
        return _beside(type(texts)).like(texts.ids)[pairs]  # type: ignore[arg-type]

    return texts.keep("newest", compute)[..., list(_BESIDE).index(name)]


def _codes(table: TokenTable) -> np.ndarray:
    """The facts that tell as bits of a number, shape (rows,)."""
    held = np.stack([table.columns[name] for name in _TELLING], axis=-1)
    return held @ (1 << np.arange(len(_TELLING)))


@cache
def _beside(kind: "Callable[..., Texts]") -> OnDevices:
    """What holds of a token with some facts behind one with others, whole numbers, shape (pairs, features)."""
    codes = np.arange(1 << len(_TELLING))
    columns = {name: (codes >> place & 1).astype(bool) for place, name in enumerate(_TELLING)}
    pairs = np.stack(np.meshgrid(codes, codes, indexing="ij"), axis=-1).reshape(-1, 2)
    texts = kind(pairs, TokenTable(("",) * len(codes), columns), causal=True)
    return OnDevices(np.stack([feature(texts)[:, 1] for feature in _BESIDE.values()], axis=-1).astype(np.int32))


def _since_newest(texts: "Texts", before: Array, name: str) -> Array:
    return (before[:, -1:] + 1) * (1 - _newest(texts, name))


MASK_OF_NEWEST: dict[str, Callable[["Texts"], Array]] = {
    "is_first": lambda t: t.ids[:, -1:] < 0,
    "is_word_start": lambda t: _newest(t, "is_word_start") > 0,
    "is_sentence_start": lambda t: _newest(t, "is_sentence_start") > 0,
}
"""Masks of the last token, which is not the first, shape (b, 1)."""
NUMBER_OF_NEWEST: dict[str, Callable[["Texts", Array], Array]] = {
    "occurrences": lambda t, _: (t.ids_left(0)[:, :-1] == t.ids_left(0)[:, -1:]).sum(-1)[:, None],
    "word": lambda t, before: before[:, -1:] + _newest(t, "new word"),
    "sentence": lambda t, before: before[:, -1:] + _newest(t, "is_sentence_start"),
    "word_position": lambda t, before: _since_newest(t, before, "new word"),
    "sentence_position": lambda t, before: _since_newest(t, before, "is_sentence_start"),
}
"""Numbers of the last token, from those of the others, shape (b, n - 1) and (b, 1)."""
