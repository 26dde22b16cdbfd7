"""The additive models of several heads at once: their values, and the scores that these give.

Shapes: h heads, b texts of a batch, r query rows, n keys, N tables of words, W words, C classes of tokens.
"""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import embedding

from surrogates.errors import InputError
from synth.proposers.additive.parts import EVERYWHERE, FIRST, Family, hats

_SPREAD = 0.3
"""Standard deviation of the values that pairings start from: at zero they would stay there."""


@dataclass(frozen=True)
class Batch:
    """Query rows of some texts, in torch.

    Attributes:
        tokens: places among the words, of tokens and of their left neighbours, (2, b, n).
        classes: of both, (2, b, n, C).
        rows: which rows, the same of each text, (r,).
        cells: values of the family's masks, (b, masks, r, n).
        visible: (b, 1, r, n).
        target: the heads' patterns, (b, h, r, n).
    """

    tokens: Tensor
    classes: Tensor
    rows: Tensor
    cells: Tensor
    visible: Tensor
    target: Tensor


@dataclass(frozen=True)
class Chosen:
    """Which parts of the dense models are left, as zeros and ones.

    Attributes:
        parts: (h, parts).
        words: words that have a weight of their own, (W + 1, h, N); the last row is of all other words.
        classes: (C, h, N).
        knots: of each curve (h, knots, knots): its values at all knots from those at the ones that are left.
    """

    parts: Tensor
    words: Tensor
    classes: Tensor
    knots: tuple[Tensor, ...]

    def of(self, family: Family) -> Tensor:
        """Which tables are left, (h, N)."""
        return self.parts[:, list(family.owners)]


class Model:
    """Additive models of h heads.

    Attributes:
        curves: of each curve its values at its knots, (h, knots).
        masks: (h, masks).
        words: what a word adds to its classes, (W + 1, h, N).
        classes: (C, h, N).
        chosen: what of all this counts.
    """

    def __init__(self, family: Family, heads: int, words: int, classes: int, seed: int, device: str = "cpu") -> None:
        self.family = family
        self.heads = heads
        tables = len(family.weights)
        # The same for every head, so that a head's model does not depend on which it is fitted with.
        start = torch.zeros(words + 1, 1, tables)
        paired = tables - 2 * family.pairings
        generator = torch.Generator().manual_seed(seed)
        start[:-1, :, paired:] = torch.randn(words, 1, tables - paired, generator=generator) * _SPREAD
        self.curves = [torch.zeros(heads, len(knots)) for knots in family.knots]
        self.masks = torch.zeros(heads, len(family.masks))
        self.words = start.repeat(1, heads, 1)
        self.classes = torch.zeros(classes, heads, tables)
        counted = torch.ones_like(self.words)
        counted[-1] = 0.0
        eyes = tuple(torch.eye(len(knots)).repeat(heads, 1, 1) for knots in family.knots)
        self.chosen = Chosen(torch.ones(heads, len(family.parts)), counted, torch.ones_like(self.classes), eyes)
        # How much of each knot's value a curve has, by the query's less the key's place, and by the query's.
        far = family.longest - 1
        self._spans = hats(torch.arange(-far, far + 1), family.knots[0])
        self._indices = hats(torch.arange(far + 1), family.knots[1])
        self.device = torch.device(device)
        if device != "cpu":
            self._move()
        for values in self.values:
            values.requires_grad_()

    def _move(self) -> None:
        to = self.device
        self.curves = [values.to(to) for values in self.curves]
        self.masks, self.words, self.classes = self.masks.to(to), self.words.to(to), self.classes.to(to)
        self._spans, self._indices = self._spans.to(to), self._indices.to(to)
        chosen = self.chosen
        self.chosen = Chosen(
            chosen.parts.to(to), chosen.words.to(to), chosen.classes.to(to), tuple(m.to(to) for m in chosen.knots)
        )

    def saved(self, head: int) -> bytes:
        """A head's values in half precision, for :meth:`restore`."""
        with BytesIO() as file:
            np.savez_compressed(file, **{name: _half(own) for name, own in self._of(head).items()})  # type: ignore[arg-type]
            return file.getvalue()

    @torch.no_grad()
    def restore(self, head: int, saved: bytes) -> None:
        """Put back what :meth:`saved` gave of a model of the same family and words.

        Raises:
            InputError: it is damaged, or of another family.
        """
        try:
            with np.load(BytesIO(saved), allow_pickle=False) as stored:
                for name, own in self._of(head).items():
                    values = torch.from_numpy(stored[name])
                    if values.shape != own.shape or not values.isfinite().all():
                        raise ValueError(f"its {name} are wrong")
                    own.copy_(values)
        except Exception as error:  # of NumPy and zip files, all of which damaged bytes can bring
            raise InputError(
                f"the library holds a dense model that cannot be read ({error}); give another --output to search anew"
            ) from error

    def _of(self, head: int) -> dict[str, Tensor]:
        curves = {f"curve{place}": values[head] for place, values in enumerate(self.curves)}
        one = {"masks": self.masks[head], "words": self.words[:, head], "classes": self.classes[:, head]}
        return curves | one

    @property
    def values(self) -> list[Tensor]:
        """All that is fitted."""
        return [*self.curves, self.masks, self.words, self.classes]

    def curve_values(self, place: int) -> Tensor:
        """Values of a curve at all its knots, (h, knots)."""
        return torch.einsum("hkl,hl->hk", self.chosen.knots[place], self.curves[place])

    def scores(self, batch: Batch, parts: Tensor | None = None) -> Tensor:
        """Scores of all heads, (b, h, r, n).

        Args:
            parts: which count, (h, parts), in the place of those chosen.
        """
        family = self.family
        parts = self.chosen.parts if parts is None else parts
        tables = self._tables(batch, parts[:, list(family.owners)])
        queries = {k: tables[k][..., batch.rows] for k in range(len(family.queries)) if k in tables}
        alone = len(family.queries) + len(family.keys)
        keys = {k: tables[k] for k in range(len(family.queries), alone) if k in tables}
        pairs = [k for k in range(alone, alone + family.pairings) if k in tables]
        found = self._alike(batch, parts) + self._of_queries(batch, parts, queries)
        if keys:
            found = found + self._of_keys(batch, keys)
        if pairs:
            left = torch.stack([tables[k][..., batch.rows] for k in pairs], -1)  # (b, h, r, k)
            right = torch.stack([tables[k + family.pairings] for k in pairs], -2)  # (b, h, k, n)
            found = found + torch.matmul(left, right)
        return found

    def _alike(self, batch: Batch, parts: Tensor) -> Tensor:
        """The curve of the distance, and masks; (h, r, n) or (b, h, r, n)."""
        curve = self.curve_values(0) * parts[:, :1]
        # Texts may be longer than those of training: beyond its last knot a curve goes on as it is there.
        far = self.family.longest - 1
        found = (curve @ self._spans.T)[:, _distance(batch).clamp(-far, far) + far]
        marks = parts[:, 2 : 2 + len(self.family.masks)]
        held = _left(marks)
        if not held:
            return found
        b, _, r, n = batch.cells.shape
        cells = batch.cells[:, held].reshape(b, len(held), r * n)
        return found + torch.matmul((self.masks * marks)[:, held], cells).view(b, self.heads, r, n)

    def _of_queries(self, batch: Batch, parts: Tensor, tables: dict[int, Tensor]) -> Tensor:
        """Weights of the query's words, and the curve of its index, times features of the places; (b, h, r, n)."""
        b, r, n = batch.visible.shape[0], *batch.visible.shape[2:]
        first = self.curve_values(1) * parts[:, 1:2]
        index = (first @ self._indices[batch.rows.clamp(max=self.family.longest - 1)].T).expand(b, self.heads, r)
        found = _by_cells([(self.family.queries[k].cells, values) for k, values in tables.items()])
        found[FIRST] = found[FIRST] + index if FIRST in found else index
        features = torch.stack([_feature(cells, _distance(batch)) for cells in found], 1)  # (r, k, n)
        columns = torch.stack(list(found.values()), -1).permute(2, 0, 1, 3).reshape(r, b * self.heads, len(found))
        return torch.bmm(columns, features).view(r, b, self.heads, n).permute(1, 2, 0, 3)

    def _of_keys(self, batch: Batch, tables: dict[int, Tensor]) -> Tensor:
        """Weights of the key's words, times features of the places; (b, h, r, n) or (b, h, 1, n)."""
        b, r, n = batch.visible.shape[0], *batch.visible.shape[2:]
        found = _by_cells([(self.family.weights[k].cells, values) for k, values in tables.items()])
        everywhere = found.pop(EVERYWHERE, None)
        if not found:
            assert everywhere is not None
            return everywhere[:, :, None]
        features = torch.stack([_feature(cells, _distance(batch)) for cells in found], 1)
        columns = torch.stack(list(found.values()), -1).permute(2, 0, 1, 3).reshape(n, b * self.heads, len(found))
        total = torch.bmm(columns, features.permute(2, 1, 0)).view(n, b, self.heads, r).permute(1, 2, 3, 0)
        return total if everywhere is None else total + everywhere[:, :, None]

    def _tables(self, batch: Batch, left: Tensor) -> dict[int, Tensor]:
        """Of each table of which something is left the weight of every token, (b, h, n)."""
        words, classes = self.words * self.chosen.words, self.classes * self.chosen.classes
        found: dict[int, Tensor] = {}
        _, b, n = batch.tokens.shape
        for shift in (0, 1):
            chosen = [k for k in _left(left) if self.family.weights[k].token.endswith(".previous") == bool(shift)]
            if not chosen:
                continue
            gate = left[:, chosen]
            own = (words[:, :, chosen] * gate).reshape(len(words), -1)
            shared = (classes[:, :, chosen] * gate).reshape(len(classes), -1)
            values = embedding(batch.tokens[shift], own) + batch.classes[shift] @ shared
            values = values.view(b, n, self.heads, len(chosen)).permute(3, 0, 2, 1)
            found |= dict(zip(chosen, values, strict=True))
        return found


def _half(values: Tensor) -> np.ndarray:
    return values.detach().cpu().half().numpy()


def _left(gates: Tensor) -> list[int]:
    """Columns of (h, k) gates that count for any head."""
    return torch.nonzero(gates.any(0))[:, 0].tolist()


def _distance(batch: Batch) -> Tensor:
    """The query's less the key's place, (r, n)."""
    return batch.rows[:, None] - torch.arange(batch.tokens.shape[-1], device=batch.rows.device)


def _by_cells(tables: list[tuple[str, Tensor]]) -> dict[str, Tensor]:
    """Tables that count in the same cells, added up."""
    found: dict[str, Tensor] = {}
    for cells, values in tables:
        found[cells] = found[cells] + values if cells in found else values
    return found


def _feature(cells: str, distance: Tensor) -> Tensor:
    """Values of a feature of the places alone, (r, n), from the query's less the key's place."""
    if cells == FIRST:
        found = torch.zeros(distance.shape, device=distance.device)
        found[:, 0] = 1.0
        return found
    if cells == "pair.log_distance":
        return distance.abs().float().log1p()
    return (distance == int(cells.removeprefix("pair.offset(").removesuffix(")"))).float()
