"""The summands of several programs, sorted by how they are computed together."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import torch
from torch import Tensor

from surrogates.language.apart import ONE, Summand, TokenFunction, is_of_distance, taken_apart
from surrogates.language.backend import LOWEST
from surrogates.language.columns import Columns, Form, TokenKinds
from surrogates.language.features import Texts
from surrogates.language.program import Program
from surrogates.language.tabulated import Tabulated


class Joined:
    """The summands of programs.

    Attributes:
        programs: all of them.
        alone: whether each is evaluated by itself, since something in it may be infinite or very large.
        products: how many products of two sides each has.
        rank: the most of these.
        cells: expressions of both sides, in programs.
        sources: all of these expressions; the first are ``distances``, which depend on the distance alone.
        columns: what tokens put in: as queries into ``left`` of the products, (programs * rank), and into what scales
            expressions; as keys likewise, into ``right``. The first of each that scale is 0.
        distance: what depends on the distance alone, of each program; then the expressions that do.
    """

    def __init__(self, programs: Sequence[Program]) -> None:
        self.programs = programs
        sums = [_Sum(taken_apart(program)) for program in programs]
        self.alone = [own.is_alone for own in sums]
        self.products = [len(own.products) for own in sums]
        self.rank = max(self.products, default=0)
        nothing: tuple[Form, Form] = ((), ())
        products = [pair for own in sums for pair in [*own.products, *[nothing] * (self.rank - len(own.products))]]
        self.cells = [
            Cells(source, place, *forms) for place, own in enumerate(sums) for source, forms in own.cells.items()
        ]
        sources = list(dict.fromkeys(own.source for own in self.cells))
        keyed = [own for own in self.cells if own.right]
        for number, own in enumerate(self.cells, start=1):
            own.of_query = number
        for number, own in enumerate(keyed, start=1):
            own.of_key = number
        parts: list[list[Form]] = [
            [left for left, _ in products], [(), *(own.left for own in self.cells)],
            [right for _, right in products], [(), *(own.right for own in keyed)],
        ]  # fmt: skip
        self.left, self.query_scales, self.right, self.key_scales = (
            slice(start, stop) for start, stop in pairwise(accumulate(map(len, parts), initial=0))
        )
        kinds = TokenKinds(function for own in sums for form in own.forms() for _, function in form)
        self.columns = Columns(kinds, [form for part in parts for form in part])
        self.distances = [source for source in sources if is_of_distance(ast.parse(source))]
        self.sources = [*self.distances, *(source for source in sources if source not in self.distances)]
        self.distance = Tabulated([*(own.distance for own in sums), *self.distances])

    def of_all(self, texts: Texts) -> Tensor:
        """What all tokens put in, shape (b, n, columns)."""
        return texts.keep(("columns", self), lambda: self.columns.of(texts, texts.n))


class _Sum:
    """A program's summands by how they are computed; nothing of a program that is evaluated by itself.

    Attributes:
        products: forms of the query and of the key that are multiplied.
        distance: an expression of the distance; None if there is none.
        cells: by expressions of both sides, forms of the query and of the key whose sum scales them.
    """

    def __init__(self, summands: Sequence[Summand] | None) -> None:
        self.is_alone = summands is None
        products: dict[TokenFunction, tuple[list, list]] = {}
        distance = []
        self.cells: dict[str, tuple[list, list]] = {}
        for own in summands or ():
            if own.cells is not None and own.is_of_distance:
                distance.append(f"{own.scale!r} * ({own.cells})")
            elif own.cells is not None:
                left, right = self.cells.setdefault(own.cells, ([], []))
                if own.key is None:
                    left.append((own.scale, own.query or ONE))
                else:
                    right.append((own.scale, own.key))
            elif own.key is not None and own.query is None:
                products.setdefault(ONE, ([(1.0, ONE)], []))[1].append((own.scale, own.key))
            elif own.key is not None and own.query is not None:
                products.setdefault(own.key, ([], [(1.0, own.key)]))[0].append((own.scale, own.query))
            # What the query alone decides is the same in a whole row.
        self.products = list(products.values())
        self.distance = " + ".join(distance) or None

    def forms(self) -> list[Form]:
        return [form for pair in (*self.products, *self.cells.values()) for form in pair]


@dataclass
class Cells:
    """An expression of both sides in a program, and what scales it.

    Attributes:
        program: the program's place among all.
        left, right: forms of the query and of the key, whose sum scales it.
        of_query, of_key: the columns in which these are found; the first, which is empty, where there is none.
    """

    source: str
    program: int
    left: Form
    right: Form
    of_query: int = 0
    of_key: int = 0

    @property
    def constant(self) -> float | None:
        """The number that scales it; None if it is no number."""
        plain = not self.right and all(function == ONE for _, function in self.left)
        return sum(scale for scale, _ in self.left) if plain else None


def of_distance(texts: Texts, table: Tensor) -> Tensor:
    """The values of a table at each distance, shape (b or 1, rows, q, n); far below ahead of a causal query, unless
    there is padding.

    Args:
        texts: the batch.
        table: shape (rows, distances); see `Tabulated`.
    """
    n, q = texts.n, texts.queries
    zero = table.shape[1] - 1 if texts.causal else table.shape[1] // 2
    if texts.padded and not texts.padded_left and (q == 1 or not _in_one_piece(texts)):
        return table[:, zero - texts.difference("index")].swapaxes(0, 1)
    last = table[:, zero + 1 - n : zero + 1]
    if q == 1:
        return last[None, :, None]
    # The row of each query is that of the last, moved on.
    ahead = table.new_full((len(table), q - 1), LOWEST) if texts.causal else table[:, zero + 1 : zero + q]
    return torch.cat([last, ahead], dim=1).unfold(1, n, 1).flip(1)[None]


def _in_one_piece(texts: Texts) -> bool:
    """Whether there is padding on one side only, so that keys are as far as columns are."""
    mask = texts.mask
    kept = texts.keep("in one piece", lambda: ((mask[:, 1:] != mask[:, :-1]).sum(1) <= 1).all())
    return bool(kept)
