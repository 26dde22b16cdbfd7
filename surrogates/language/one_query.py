"""The scores of many programs for one query, as in a decoding step: in few operations, each over all programs.

The cells are few there, so that what takes time is the number of operations.
"""

import numpy as np
import torch
from torch import Tensor

from surrogates.language.apart import expression
from surrogates.language.backend import OnDevices
from surrogates.language.features import Texts
from surrogates.language.joined import Joined, of_distance
from surrogates.language.patterns import failing, scores


class OneQuery:
    """Programs that are computed for the last token of texts.

    What keys put in is kept with the texts, for those that have a token more.
    """

    def __init__(self, joined: Joined) -> None:
        self._joined = joined
        self._expressions = [expression(source) for source in joined.sources[len(joined.distances) :]]
        place = {source: number for number, source in enumerate(joined.sources)}
        of_query = np.zeros((len(joined.programs), len(place)), dtype=np.int64)
        for own in joined.cells:
            of_query[own.program, place[own.source]] = own.of_query
        keyed = [own for own in joined.cells if own.right]  # in the order of their columns
        self._of_query = OnDevices(of_query.reshape(-1))
        self._keyed_by = OnDevices(np.array([own.program for own in keyed], dtype=np.int64))
        self._keyed = OnDevices(np.array([place[own.source] for own in keyed], dtype=np.int64))
        self._any_keyed = bool(keyed)
        self._alone = [number for number, is_alone in enumerate(joined.alone) if is_alone]

    def scores(self, texts: Texts) -> Tensor:
        """Scores of all programs, float32, shape (b, programs, 1, n)."""
        joined, b, n = self._joined, len(texts.ids), texts.n
        count, device = len(joined.programs), texts.ids.device
        row = joined.columns.of(texts, 1)[:, 0]
        by_distance = of_distance(texts, joined.distance.of_distance(texts))[:, :, 0].expand(b, -1, -1)
        found, of_distance_alone = by_distance[:, :count], by_distance[:, count:]
        if joined.rank:
            right = self._of_keys(texts, row, joined.right).view(b * count, joined.rank, n)
            left = row[:, joined.left].reshape(b * count, 1, joined.rank)
            found = torch.baddbmm(found.reshape(b * count, 1, n), left, right).view(b, count, n)
        else:
            found = found.clone(memory_format=torch.contiguous_format)
        if joined.sources:
            every = torch.cat([of_distance_alone, *(own.expand(b, 1, n) for own in self._cells(texts))], dim=1)
            scales = row[:, joined.query_scales].index_select(1, self._of_query.on(device)).view(b, count, -1)
            found.baddbmm_(scales, every)
            if self._any_keyed:
                by_keys = self._of_keys(texts, row, joined.key_scales)[:, 1:]
                found.index_add_(1, self._keyed_by.on(device), by_keys * every.index_select(1, self._keyed.on(device)))
        for place in self._alone:
            found[:, place] = scores(joined.programs[place], texts)[..., 0, :]
        return found[:, :, None]

    def _cells(self, texts: Texts) -> list[Tensor]:
        """The expressions that depend on more than the distance, each of shape (b or 1, 1, n)."""
        query, key, pair = texts.query, texts.key, texts.pair
        found = []
        for own in self._expressions:
            with failing(own):
                found.append(own.compiled[texts.backend.name](query, key, pair, own.values.on(texts.ids)))
        return found

    def _of_keys(self, texts: Texts, row: Tensor, own: slice) -> Tensor:
        """What keys put in, shape (b, columns, n)."""
        return texts.keep(
            ("of keys", self, own.start),
            lambda: self._joined.of_all(texts)[..., own].transpose(1, 2).contiguous(),
            lambda _: row[:, own, None],
        )
