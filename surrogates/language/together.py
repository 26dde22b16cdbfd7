"""The scores of several programs at once: what is alike in their summands is computed once, and added in few passes.

A summand that is a function of the query times one of the key is a column of one factor times a row of another, so
those of all programs of a layer are one batched product; those that depend on the distance alone are one table. The
others are added where they count: in a cell of each row, or in all cells.
"""

import ast
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate, pairwise

import numpy as np
import torch
from torch import Tensor

from surrogates.language.apart import expression
from surrogates.language.backend import Array, OnDevices
from surrogates.language.features import Texts
from surrogates.language.joined import Cells, Joined, of_distance
from surrogates.language.one_query import OneQuery
from surrogates.language.patterns import scores
from surrogates.language.program import Program


class Together:
    """The vectorised programs of some layers.

    Attributes:
        counts: how many programs each layer has.
        alone: of each layer the places of the programs that are evaluated by themselves, since something in them may be
            infinite or very large. No other's scores are infinite or not a number.

    Args:
        layers: the programs of each layer.
    """

    def __init__(self, layers: Sequence[Sequence[Program]]) -> None:
        programs = [program for layer in layers for program in layer]
        self._joined = Joined(programs)
        self._clustered = [(program.cluster_names, program) for program in programs if program.cluster_names]
        self.counts = [len(layer) for layer in layers]
        self._places = [slice(first, stop) for first, stop in pairwise(accumulate(self.counts, initial=0))]
        self._layers = [_Layer(self._joined, own) for own in self._places]
        self._one_query = OneQuery(self._joined)
        self.alone = [layer.alone for layer in self._layers]

    def scores(self, texts: Texts, layer: int = 0, rows: slice | None = None) -> Tensor:
        """Scores of a layer's programs, float32, shape (b, programs, q, n); the caller's own.

        They differ from what each program gives by what is the same in a whole row, which a softmax does not see. In
        cells that the query may not see they are any numbers; those of texts without padding are far below all others,
        but for programs that are evaluated by themselves.

        Args:
            texts: the batch, as tensors.
            layer: which layer.
            rows: of texts whose tokens are all queries, which queries, and so many of the first keys as the last of
                them sees of a causal text; all by default.

        Raises:
            ProgramFailed: a program failed, or a feature has no value for this model.
        """
        if texts.queries == 1:
            return self.scores_of_query(texts)[:, self._places[layer]]
        self._check(texts)
        # Scores are float32, whatever the model around them computes in.
        with torch.autocast(texts.ids.device.type, enabled=False):
            return self._scores(texts, self._layers[layer], rows or slice(0, texts.n))

    def scores_of_query(self, texts: Texts) -> Array:
        """Scores of all layers' programs for texts of one query, in the same way, shape (b, programs, 1, n).

        The cells of a step are few: what takes time is to ask for something, so all layers are computed at once.
        One layer's come after the other's. Texts may be NumPy arrays.
        """
        self._check(texts)
        # Products of NumPy arrays go through torch, too.
        device = texts.ids.device.type if isinstance(texts.ids, torch.Tensor) else "cpu"
        with torch.autocast(device, enabled=False):
            return self._one_query.scores(texts)

    def _check(self, texts: Texts) -> None:
        for names, program in self._clustered:
            if not names.issubset(texts.table.clusters):
                scores(program, texts)  # which says what is missing

    def _scores(self, texts: Texts, layer: "_Layer", rows: slice) -> Tensor:
        joined, own = self._joined, layer.own
        distance = _part(of_distance(texts, joined.distance.of_distance(texts)[own]), rows)
        found = distance.expand(len(texts.ids), -1, -1, -1).clone(memory_format=torch.contiguous_format)
        columns = joined.of_all(texts)
        queries, keys = columns[:, texts.n - texts.queries :][:, rows], columns[:, : rows.stop]
        if layer.rank:
            left, right = (
                side.unflatten(2, (-1, joined.rank))[:, :, own, : layer.rank]
                for side in (queries[..., joined.left], keys[..., joined.right])
            )
            left, right = left.permute(0, 2, 1, 3).flatten(0, 1), right.permute(0, 2, 3, 1).flatten(0, 1)
            found.flatten(0, 1).baddbmm_(left, right)
        for cells in layer.dense:
            cells.add(found, texts, queries[..., joined.query_scales], keys[..., joined.key_scales], rows)
        if layer.single:
            layer.add_single(found, texts, queries[..., joined.query_scales], keys[..., joined.key_scales], rows)
        for place in layer.alone:
            found[:, place] = _part(scores(joined.programs[own][place], texts), rows)
        return found


class _Layer:
    """How the programs of a layer are computed.

    Attributes:
        own: their places among those of all layers.
        rank: how many products each has at most.
        dense: expressions that are added in all cells.
        single: those that are added in one cell of each row.
        alone: places in the layer of the programs that are evaluated by themselves.
    """

    def __init__(self, joined: Joined, own: slice) -> None:
        self.own = own
        count = own.stop - own.start
        self.rank = max(joined.products[own], default=0)
        self.alone = tuple(place for place, is_alone in enumerate(joined.alone[own]) if is_alone)
        cells = [one for one in joined.cells if own.start <= one.program < own.stop]
        by_source: dict[str, list[Cells]] = {}
        self.single = [one for one in cells if _in_one_cell(one.source) is not None]
        for one in cells:
            if _in_one_cell(one.source) is None:
                by_source.setdefault(one.source, []).append(one)
        self.dense = [_Dense(source, users, own.start, count) for source, users in by_source.items()]
        self._sources = list(dict.fromkeys(one.source for one in self.single))
        self._of_query = _places([one.of_query for one in self.single])
        self._of_key = _places([one.of_key for one in self.single])
        self._heads = _places([one.program - own.start for one in self.single])
        self._which = _places([self._sources.index(one.source) for one in self.single])

    def add_single(self, found: Tensor, texts: Texts, left: Tensor, right: Tensor, rows: slice) -> None:
        """Add to scores, shape (b, programs, q, n), what counts in one cell of each row."""
        device, (b, count, q, n) = found.device, found.shape
        cells = [_cell(texts, source)[:, rows] for source in self._sources]
        keys = torch.stack([own.expand(b, q) for own in cells], dim=1)
        keys = keys.index_select(1, self._which.like(found))
        # What padding points to may be none of the keys that are computed here.
        there = (keys >= 0) & (keys < n)
        keys = keys.clamp(0, n - 1)
        values = left.index_select(2, self._of_query.like(found)).transpose(1, 2)
        if any(one.right for one in self.single):
            values = values + right.index_select(2, self._of_key.like(found)).transpose(1, 2).gather(2, keys)
        heads = torch.arange(b, device=device)[:, None] * count + self._heads.like(found)
        places = (heads[..., None] * q + torch.arange(q, device=device)) * n + keys
        found.view(-1).scatter_add_(0, places.view(-1), (values * there).reshape(-1))


class _Dense:
    """An expression that is added in all cells to the scores of some programs of a layer."""

    def __init__(self, source: str, users: Sequence[Cells], first: int, count: int) -> None:
        self.source = source
        self.users = [(one.program - first, one) for one in users]
        self.of_keys = any(one.right for one in users)
        self.of_queries = any(one.left for one in users)
        # Where most programs use it, it is added to all in one pass, scaled by nothing where it is not used.
        self.in_all = 2 * len(users) >= count > 1
        self._of_query = _in_all(count, {place: one.of_query for place, one in self.users})
        self._of_key = _in_all(count, {place: one.of_key for place, one in self.users})

    def add(self, found: Tensor, texts: Texts, left: Tensor, right: Tensor, rows: slice) -> None:
        """Add it to scores, shape (b, programs, q, n), scaled by columns of both sides."""
        cells = _part(texts.keep(("cells", self.source), lambda: scores(expression(self.source), texts)), rows)
        if self.in_all:
            every = cells[:, None]
            # What the keys scale lies in a row, or else the cells of a row would not be computed at a stroke.
            if self.of_queries:
                found.addcmul_(left.index_select(2, self._of_query.like(found)).transpose(1, 2)[..., None], every)
            if self.of_keys:
                scales = right.index_select(2, self._of_key.like(found)).transpose(1, 2)
                found.addcmul_(scales.contiguous()[:, :, None], every)
            return
        for place, one in self.users:
            if one.constant is not None:
                found[:, place].add_(cells, alpha=one.constant)
                continue
            if one.left:
                found[:, place].addcmul_(left[:, :, one.of_query, None], cells)
            if one.right:
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
