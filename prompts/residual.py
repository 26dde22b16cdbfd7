"""Where a program departs from a head, in words: which keys get too much and too little, and from which queries.

Cells of the first token and of a token itself are left out: most heads rest there, and what else they do would drown.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prompts.edges import Compared, quoted

_LEAST_QUERIES = 5
"""Queries of a word below which nothing is said of it."""
_LEAST = 0.0005
"""Weight a query below which a difference is none."""
_TELLING = 3
"""Keys that are named of each query word, of each kind."""


@dataclass(frozen=True, order=True)
class Word:
    """A token's text, and whether a word goes on with it: the same letters at a word's start are another token."""

    text: str
    goes_on: bool = False

    def __str__(self) -> str:
        return "+" * self.goes_on + quoted(self.text)


@dataclass(frozen=True)
class Share:
    """What a word gets of all attention, in weight a query: from the head, and from the program."""

    word: Word
    head: float
    program: float

    @property
    def missing(self) -> float:
        return self.head - self.program


@dataclass(frozen=True)
class Row:
    """A query word: how often it stands there, how much weight is misplaced at each on average, and where.

    What a program moves from one key to another counts once; so does what it takes from the first token, or from the
    token itself, for another key, or gives to these.
    """

    word: Word
    queries: int
    misplaced: float
    under: tuple[Share, ...]
    over: tuple[Share, ...]


@dataclass(frozen=True)
class Residual:
    """Of some texts, largest differences first: keys that get too little, too much, and query words."""

    under: tuple[Share, ...]
    over: tuple[Share, ...]
    queries: tuple[Row, ...]


def residual(compared: Sequence[Compared]) -> Residual:
    """What a program misses, word by word.

    Args:
        compared: train texts with the head's pattern and the program's.
    """
    words = sorted({word for one in compared for word in _words(one)})
    place = {word: number for number, word in enumerate(words)}
    size = len(words)
    head, program = np.zeros((size, size)), np.zeros((size, size))  # weight by the query's word and the key's
    queries = np.zeros(size)
    for one in compared:
        cells = one.text.apart
        own = np.array([place[word] for word in _words(one)])
        rows, columns = np.nonzero(cells)
        np.add.at(head, (own[rows], own[columns]), one.text.pattern[rows, columns])
        np.add.at(program, (own[rows], own[columns]), one.found[rows, columns])
        np.add.at(queries, own, cells.any(1))
    total = max(queries.sum(), 1.0)
    keys = [Share(word, head[:, k].sum() / total, program[:, k].sum() / total) for k, word in enumerate(words)]
    rows_of_words = []
    for k, word in enumerate(words):
        if queries[k] < _LEAST_QUERIES:
            continue
        own_keys = [Share(other, head[k, j] / queries[k], program[k, j] / queries[k]) for j, other in enumerate(words)]
        misplaced = max(sum(max(sign * share.missing, 0.0) for share in own_keys) for sign in (1, -1))
        if misplaced >= _LEAST:
            rows_of_words.append(
                Row(word, int(queries[k]), misplaced, _most(own_keys, 1)[:_TELLING], _most(own_keys, -1)[:_TELLING])
            )
    rows_of_words.sort(key=lambda row: -row.queries * row.misplaced)
    return Residual(_most(keys, 1), _most(keys, -1), tuple(rows_of_words))


def _words(one: Compared) -> list[Word]:
    return [Word(token, bool(goes_on)) for token, goes_on in zip(one.text.tokens, one.text.goes_on, strict=True)]


def _most(shares: Sequence[Share], sign: int) -> tuple[Share, ...]:
    """Those that get too little (sign 1) or too much (-1), the largest differences first."""
    found = [share for share in shares if sign * share.missing >= _LEAST]
    return tuple(sorted(found, key=lambda share: -sign * share.missing))


def share_line(share: Share) -> str:
    """``'she' 2.1 (0.9)``: per cent of a query's attention, in brackets the program's."""
    return f"{share.word} {100 * share.head:.1f} ({100 * share.program:.1f})"
