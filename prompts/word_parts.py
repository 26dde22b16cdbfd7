"""Where attention goes by parts of words: whole ones, and beginnings, middles and ends of those of several tokens."""

from collections.abc import Sequence

import numpy as np

from prompts.edges import Compared, HeadText

_KINDS = ("in the same word", "whole words", "beginnings", "middles", "ends", "marks")
_QUERIES = ("from a word's first token", "from one that goes on a word", "from marks")


def word_part_lines(compared: Sequence[Compared]) -> list[str]:
    """For each kind of query its shares of attention by kind of key, the program's in brackets, in %.

    First tokens and a token's look at itself are left out. No lines where words are single tokens.

    Args:
        compared: texts with the patterns of one head and of one program.
    """
    if not any(one.text.goes_on.any() for one in compared):
        return []
    shape = (len(_QUERIES), len(_KINDS))
    head, program, queries = np.zeros(shape), np.zeros(shape), np.zeros(len(_QUERIES))
    for one in compared:
        cells = one.text.apart
        asking, kinds = _parts(one.text)
        rows, columns = np.nonzero(cells)
        place = asking[rows], kinds[rows, columns]
        np.add.at(head, place, one.text.pattern[rows, columns])
        np.add.at(program, place, one.found[rows, columns])
        np.add.at(queries, asking, cells.any(1))
    lines = []
    for number in np.flatnonzero(queries):
        each = [
            f"{kind} {100 * head[number, k] / queries[number]:.1f} ({100 * program[number, k] / queries[number]:.1f})"
            for k, kind in enumerate(_KINDS)
            if max(head[number, k], program[number, k]) >= 0.0005 * queries[number]
        ]
        lines.append(f"- {_QUERIES[number]}, {int(queries[number])} times: {', '.join(each)}")
    return lines


def _parts(text: HeadText) -> tuple[np.ndarray, np.ndarray]:
    """Of each token its number in ``_QUERIES``, shape (n,), and of each cell its key's in ``_KINDS``, shape (n, n)."""
    goes_on = text.goes_on
    marks = ~np.array([token[:1].isalnum() for token in text.tokens])
    followed = np.append(goes_on[1:], False)
    kinds = np.select([marks, ~goes_on & ~followed, ~goes_on, followed], [5, 1, 2, 3], 4)
    word = np.cumsum(~goes_on)
    same = (word[:, None] == word[None]) & ~marks
    return np.select([marks, goes_on], [2, 1], 0), np.where(same, 0, np.broadcast_to(kinds, same.shape))
