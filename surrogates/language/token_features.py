"""What token features are: masks and numbers for all columns of a batch, shape (b, n)."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from surrogates.language.backend import Array

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
    """Tokens since the last start, integers, shape (b, n)."""
    backend, columns = texts.backend, texts.columns
    return columns - backend.cumulative_max(backend.where(starts & texts.mask, columns, columns[:1] * 0))


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
