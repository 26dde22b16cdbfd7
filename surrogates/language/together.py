"""The scores of several programs at once: what is alike in their summands is computed once, and added in few passes.

A summand that is a function of the query times one of the key is a column of one factor times a row of another, so
those of all programs of a layer are one batched product; those that depend on the distance alone are one table. The
others are added where they count: in a cell of each row, or in all cells.
"""

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from surrogates.language.apart import ONE, Summand, TokenFunction, expression, taken_apart
from surrogates.language.columns import Columns, Form, OnDevices, TokenKinds
from surrogates.language.features import Texts
from surrogates.language.patterns import scores
from surrogates.language.program import Program
from surrogates.language.tabulated import Tabulated


class Together:
    """The vectorised programs of some layers.

    Attributes:
        alone: of each layer the places of the programs that are evaluated by themselves, since something in them may be
            infinite or very large. No other's scores are infinite or not a number.

    Args:
        layers: the programs of each layer.
    """

    def __init__(self, layers: Sequence[Sequence[Program]]) -> None:
        programs = [program for layer in layers for program in layer]
        sums = [_Sum(taken_apart(program)) for program in programs]
        functions = [function for own in sums for form in own.forms() for _, function in form]
        kinds = TokenKinds(functions)
        self._clustered = [(program.cluster_names, program) for program in programs if program.cluster_names]
        self._rank = max((len(own.products) for own in sums), default=0)
        nothing: tuple[Form, Form] = ((), ())
        products = [pair for own in sums for pair in [*own.products, *[nothing] * (self._rank - len(own.products))]]
        cells = [_Cells(source, place, *forms) for place, own in enumerate(sums) for source, forms in own.cells.items()]
        # The first column of those that scale cells is empty.
        self._left = Columns(kinds, [*(left for left, _ in products), (), *(own.left for own in cells)])
        self._right = Columns(kinds, [right for _, right in products])
        of_keys = [own for own in cells if own.right]
        self._cells = Columns(kinds, [(), *(own.right for own in of_keys)])
        for number, own in enumerate(cells, start=1):
            own.of_query = number
        for number, own in enumerate(of_keys, start=1):
            own.of_key = number
        self._distance = Tabulated([own.distance for own in sums])
        self._layers = []
        first = 0
        for layer in layers:
            self._layers.append(_Layer(layer, first, sums, cells))
            first += len(layer)
        self._whole = _Layer(programs, 0, sums, cells)
        self.alone = [layer.alone for layer in self._layers]

    def scores(self, texts: Texts, layer: int = 0, rows: slice | None = None) -> Tensor:
        """Scores of a layer's programs, float32, shape (b, programs, q, n); the caller's own.

        They differ from what each program gives by what is the same in a whole row, which a softmax does not see. In
        cells that the query may not see they are any numbers.

        Args:
            texts: the batch, as tensors.
            layer: which layer.
            rows: of texts whose tokens are all queries, which queries, and so many of the first keys as the last of
                them sees of a causal text; all by default.

        Raises:
            ProgramFailed: a program failed, or a feature has no value for this model.
        """
        for names, program in self._clustered:
            if not names.issubset(texts.table.clusters):
                scores(program, texts)  # which says what is missing
        chosen = self._layers[layer]
        # Scores are float32, whatever the model around them computes in.
        with torch.autocast(texts.ids.device.type, enabled=False):
            if texts.queries > 1:
                return self._scores(texts, chosen, rows or slice(0, texts.n))
            # The cells of a step are few: what takes time is to ask for something, so all layers are computed at once.
            found = texts.keep(("together", self), lambda: self._scores(texts, self._whole, slice(0, texts.n)))
        return found[:, chosen.first : chosen.first + chosen.count].clone()

    def _scores(self, texts: Texts, layer: "_Layer", rows: slice) -> Tensor:
        own = slice(layer.first, layer.first + layer.count)
        distance = _part(_of_distance(texts, self._distance.of_distance(texts)[own]), rows)
        found = distance.expand(len(texts.ids), -1, -1, -1).clone(memory_format=torch.contiguous_format)
        left = texts.keep(("left", self), lambda: self._left.of(texts, texts.queries))[:, rows]
        products = left[..., : self._right.count].unflatten(2, (-1, self._rank)) if self._rank else None
        if products is not None and layer.rank:
            self._add_products(found, texts, layer, products, rows)
        left, right = left[..., self._right.count :], None
        if layer.of_keys:
            right = texts.keep(("cells", self), lambda: self._cells.of(texts, texts.n))[:, : rows.stop]
        for cells in layer.dense:
            cells.add(found, texts, left, right, rows)
        if layer.single:
            layer.add_single(found, texts, left, right, rows)
        for place in layer.alone:
            found[:, place] = _part(scores(layer.programs[place], texts), rows)
        return found

    def _add_products(self, found: Tensor, texts: Texts, layer: "_Layer", left: Tensor, among: slice) -> None:
        own = slice(layer.first, layer.first + layer.count)
        if texts.queries == 1:
            found[:, :, 0] += self._right.mixed(texts, left[:, 0, own])
            return
        right = texts.keep(("right", self), lambda: self._right.of(texts, texts.n))[:, : among.stop]
        right = right.unflatten(2, (-1, self._rank))
        columns = left[:, :, own, : layer.rank].permute(0, 2, 1, 3).flatten(0, 1)
        rows = right[:, :, own, : layer.rank].permute(0, 2, 3, 1).flatten(0, 1)
        found.flatten(0, 1).baddbmm_(columns, rows)


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
class _Cells:
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


class _Layer:
    """How the programs of a layer are computed.

    Attributes:
        first: place of the first among those of all layers.
        rank: how many products each has at most.
        dense: expressions that are added in all cells.
        single: those that are added in one cell of each row.
        of_keys: whether keys scale any of them.
        alone: places in the layer of the programs that are evaluated by themselves.
    """

    def __init__(self, programs: Sequence[Program], first: int, sums: Sequence[_Sum], cells: Sequence[_Cells]) -> None:
        self.programs, self.first, self.count = programs, first, len(programs)
        sums = sums[first : first + self.count]
        self.rank = max((len(own.products) for own in sums), default=0)
        self.alone = tuple(place for place, own in enumerate(sums) if own.is_alone)
        own = [one for one in cells if first <= one.program < first + self.count]
        self.of_keys = any(one.right for one in own)
        by_source: dict[str, list[_Cells]] = {}
        self.single = [one for one in own if _in_one_cell(one.source) is not None]
        for one in own:
            if _in_one_cell(one.source) is None:
                by_source.setdefault(one.source, []).append(one)
        self.dense = [_Dense(source, users, first, self.count) for source, users in by_source.items()]
        self._sources = list(dict.fromkeys(one.source for one in self.single))
        self._of_query = _places([one.of_query for one in self.single])
        self._of_key = _places([one.of_key for one in self.single])
        self._heads = _places([one.program - first for one in self.single])
        self._which = _places([self._sources.index(one.source) for one in self.single])

    def add_single(self, found: Tensor, texts: Texts, left: Tensor, right: Tensor | None, among: slice) -> None:
        """Add to scores, shape (b, programs, q, n), what counts in one cell of each row."""
        device, (b, count, q, n) = found.device, found.shape
        cells = [_cell(texts, source)[:, among if texts.queries > 1 else slice(None)] for source in self._sources]
        keys = torch.stack([own.expand(b, q) for own in cells], dim=1)
        keys = keys.index_select(1, self._which.on(device))
        # What padding points to may be none of the keys that are computed here.
        there = (keys >= 0) & (keys < n)
        keys = keys.clamp(0, n - 1)
        values = left.index_select(2, self._of_query.on(device)).transpose(1, 2)
        if right is not None:
            values = values + right.index_select(2, self._of_key.on(device)).transpose(1, 2).gather(2, keys)
        rows = torch.arange(b, device=device)[:, None] * count + self._heads.on(device)
        places = (rows[..., None] * q + torch.arange(q, device=device)) * n + keys
        found.view(-1).scatter_add_(0, places.view(-1), (values * there).reshape(-1))


class _Dense:
    """An expression that is added in all cells to the scores of some programs of a layer."""

    def __init__(self, source: str, users: Sequence[_Cells], first: int, count: int) -> None:
        self.source = source
        self.users = [(one.program - first, one) for one in users]
        self.of_keys = any(one.right for one in users)
        self.of_queries = any(one.left for one in users)
        # Where most programs use it, it is added to all in one pass, scaled by nothing where it is not used.
        self.in_all = 2 * len(users) >= count > 1
        self._of_query = _in_all(count, {place: one.of_query for place, one in self.users})
        self._of_key = _in_all(count, {place: one.of_key for place, one in self.users})

    def add(self, found: Tensor, texts: Texts, left: Tensor, right: Tensor | None, rows: slice) -> None:
        """Add it to scores, shape (b, programs, q, n), scaled by columns of both sides."""
        cells = _part(texts.keep(("cells", self.source), lambda: scores(expression(self.source), texts)), rows)
        if self.in_all:
            every = cells[:, None]
            # What the keys scale lies in a row, or else the cells of a row would not be computed at a stroke.
            if self.of_queries:
                found.addcmul_(left.index_select(2, self._of_query.on(found.device)).transpose(1, 2)[..., None], every)
            if self.of_keys and right is not None:
                scales = right.index_select(2, self._of_key.on(found.device)).transpose(1, 2)
                found.addcmul_(scales.contiguous()[:, :, None], every)
            return
        for place, one in self.users:
            if one.constant is not None:
                found[:, place].add_(cells, alpha=one.constant)
                continue
            if one.left:
                found[:, place].addcmul_(left[:, :, one.of_query, None], cells)
            if one.right and right is not None:
                found[:, place].addcmul_(right[:, None, :, one.of_key].contiguous(), cells)


def _part(cells: Tensor, rows: slice) -> Tensor:
    """Some rows of cells, shape (…, q, n) or one that broadcasts to it, with as many keys as they see."""
    if cells.dim() > 1 and cells.shape[-2] > 1:
        cells = cells[..., rows, :]
    return cells[..., : rows.stop] if cells.dim() and cells.shape[-1] > 1 else cells


def _in_all(count: int, columns: dict[int, int]) -> OnDevices:
    return _places([columns.get(place, 0) for place in range(count)])


def _places(numbers: Sequence[int]) -> OnDevices:
    return OnDevices(np.array(numbers, dtype=np.int64))


@lru_cache(maxsize=4096)
def _in_one_cell(source: str) -> int | str | None:
    """Of a feature that holds in one cell of each row at most: how far that is, or the mask of which it is the latest.

    None of any other expression.
    """
    match ast.parse(source, mode="eval").body:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="pair"), attr="offset"), args=[distance]):
            return int(ast.literal_eval(distance))
        case ast.Call(func=ast.Attribute(value=ast.Name(id="pair"), attr="latest"), args=[mask]):
            return ast.unparse(mask)
    return None


def _cell(texts: Texts, source: str) -> Tensor:
    """The column in which such a feature holds, -1 if it does in none, shape (b or 1, q)."""

    def compute() -> Tensor:
        what = _in_one_cell(source)
        if isinstance(what, int):
            found = texts.pair.before(what)
        else:
            assert what is not None
            found = texts.pair.nearest(scores(expression(what), texts) != 0)
        return found[..., 0].long()

    return texts.keep(("cell", source), compute)


def _of_distance(texts: Texts, table: Tensor) -> Tensor:
    """The values of a table at each distance, shape (b or 1, programs, q, n); 0 ahead of a causal query.

    Args:
        texts: the batch.
        table: shape (programs, distances); see `Tabulated`.
    """
    n, q = texts.n, texts.queries
    zero = 0 if texts.causal else table.shape[1] // 2
    if texts.padded and (q == 1 or not _in_one_piece(texts)):
        return table[:, texts.difference("index").long() + zero].transpose(0, 1)
    # Of the farthest key first; the row of each query is that of the last, moved on.
    ahead = table.new_zeros(len(table), q - 1) if texts.causal else table[:, zero - q + 1 : zero].flip(1)
    line = torch.cat([table[:, zero : zero + n].flip(1), ahead], dim=1)
    return line.unfold(1, n, 1).flip(1)[None]


def _in_one_piece(texts: Texts) -> bool:
    """Whether there is padding on one side only, so that keys are as far as columns are."""
    mask = texts.mask
    kept = texts.keep("in one piece", lambda: ((mask[:, 1:] != mask[:, :-1]).sum(1) <= 1).all())
    return bool(kept)
