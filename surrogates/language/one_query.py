"""The scores of many programs for one query, as in a decoding step: in few operations, each over all programs.

The cells are few there, so that what takes time is the number of operations.
"""

import numpy as np

from surrogates.language.apart import expression
from surrogates.language.backend import Array, OnDevices
from surrogates.language.features import Texts
from surrogates.language.joined import Joined, of_distance
from surrogates.language.patterns import failing, scores


class OneQuery:
    """Programs that are computed for the last token of texts, in NumPy or torch.

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
        which = np.zeros((len(joined.programs), len(keyed)), dtype=np.float32)
        which[[own.program for own in keyed], np.arange(len(keyed))] = 1
        self._any_keyed = bool(keyed)
        self._of_query, self._programs = OnDevices(of_query), OnDevices(which)
        self._keyed = OnDevices(np.array([place[own.source] for own in keyed], dtype=np.int64))
        self._alone = [number for number, is_alone in enumerate(joined.alone) if is_alone]

    def scores(self, texts: Texts) -> Array:
        """Scores of all programs, float32, shape (b, programs, 1, n)."""
        joined, backend, ids = self._joined, texts.backend, texts.ids
        b, count, n = len(ids), len(joined.programs), texts.n
        row = joined.columns.of(texts, 1)[:, 0]
        scales = row[:, joined.query_scales]
        by_distance = of_distance(texts, joined.distance.of_distance(texts))[:, :, 0]
        found = by_distance[:, :count] + scales[:, :1, None]  # which is 0 of each text
        if joined.rank:
            left = row[:, joined.left].reshape(b, count, 1, joined.rank)
            right = self._of_keys(texts, row, joined.right).reshape(b, count, joined.rank, n)
            found += backend.product(left, right)[:, :, 0]
        if joined.sources:
            cells = [by_distance[:, count:], *self._cells(texts)]
            every = backend.concatenate([backend.broadcast(own, (b, own.shape[1], n)) for own in cells], axis=1)
            found += backend.product(scales[:, self._of_query.like(ids)], every)
            if self._any_keyed:
                by_keys = self._of_keys(texts, row, joined.key_scales)[:, 1:] * every[:, self._keyed.like(ids)]
                found += backend.product(self._programs.like(ids), by_keys)
        for place in self._alone:
            found[:, place] = scores(joined.programs[place], texts)[..., 0, :]
        return found[:, :, None]

    def _cells(self, texts: Texts) -> list[Array]:
        """The expressions that depend on more than the distance, each of shape (b or 1, 1, n)."""
        query, key, pair = texts.query, texts.key, texts.pair
        found = []
        for own in self._expressions:
            with failing(own):
                found.append(own.compiled[texts.backend.name](query, key, pair, own.values.on(texts.ids)))
        return found

    def _of_keys(self, texts: Texts, row: Array, own: slice) -> Array:
        """What keys put in, shape (b, columns, n)."""
        return texts.keep(
            ("of keys", self, own.start, own.stop),
            lambda: self._joined.of_all(texts)[..., own].swapaxes(1, 2),
            lambda _: row[:, own, None],
        )
