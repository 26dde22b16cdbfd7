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
from synth.proposers.additive.parts import FIRST, Family, hats

CPU = torch.device("cpu")
_SPREAD = 0.3
"""Standard deviation of the values that pairings start from: at zero they would stay there."""


@dataclass(frozen=True)
class Batch:
    """Query rows of some texts, in torch.

    Attributes:
        tokens: places among the words, of tokens and of their left neighbours, (2, b, n).
        classes: of both, (2, b, n, C).
        rows: which rows, the same of each text, (r,).
        masks: numbers of those of the family's that are there.
        cells: their values, (b, masks, r, n).
        visible: (b, 1, r, n).
        hidden: a very low score for each cell that is not visible, else zero.
        target: the heads' patterns, (b, h, r, n).
        mass: what each row of them sums to, (b, h, r, 1); None where all sum to one.
    """

    tokens: Tensor
    classes: Tensor
    rows: Tensor
    masks: tuple[int, ...]
    cells: Tensor
    visible: Tensor
    hidden: Tensor
    target: Tensor
    mass: Tensor | None

    @property
    def distance(self) -> Tensor:
        """The query's less the key's place, (r, n)."""
        return self.rows[:, None] - torch.arange(self.tokens.shape[-1], device=self.rows.device)


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

    Args:
        family: the parts they have.
        heads: h.
        words: W.
        classes: C.
        seed: of the values that they start from.
        device: where they are.

    Attributes:
        curves: of each curve its values at its knots, (h, knots).
        masks: (h, masks).
        words: what a word adds to its classes, (W + 1, h, N).
        classes: (C, h, N).
        chosen: what of all this counts.
    """

    def __init__(
        self, family: Family, heads: int, words: int, classes: int, seed: int, device: torch.device = CPU
    ) -> None:
        self.family = family
        self.heads = heads
        self.device = device
        tables = len(family.weights)
        # The same for every head, so that a head's model does not depend on which it is fitted with.
        start = torch.zeros(words + 1, 1, tables)
        paired = tables - 2 * family.pairings
        generator = torch.Generator().manual_seed(seed)
        start[:-1, :, paired:] = torch.randn(words, 1, tables - paired, generator=generator) * _SPREAD
        self.curves = [torch.zeros(heads, len(knots), device=device) for knots in family.knots]
        self.masks = torch.zeros(heads, len(family.masks), device=device)
        self.words = start.to(device).repeat(1, heads, 1)
        self.classes = torch.zeros(classes, heads, tables, device=device)
        counted = torch.ones_like(self.words)
        counted[-1] = 0.0
        eyes = tuple(torch.eye(len(knots), device=device).repeat(heads, 1, 1) for knots in family.knots)
        parts = torch.ones(heads, len(family.parts), device=device)
        self.chosen = Chosen(parts, counted, torch.ones_like(self.classes), eyes)
        # How much of each knot's value a curve has, by the query's less the key's place, and by the query's.
        far = family.longest - 1
        self._spans = hats(torch.arange(-far, far + 1, device=device), family.knots[0])
        self._indices = hats(torch.arange(far + 1, device=device), family.knots[1])
        for values in self.values:
            values.requires_grad_()

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

    @property
    def masks_left(self) -> tuple[int, ...]:
        """Which of the family's masks any head has left."""
        return tuple(_left(self.chosen.parts[:, 2 : 2 + len(self.family.masks)]))

    def curve_values(self, place: int) -> Tensor:
        """Values of a curve at all its knots, (h, knots)."""
        return torch.einsum("hkl,hl->hk", self.chosen.knots[place], self.curves[place])

    def scores(self, batch: Batch, parts: Tensor | None = None) -> Tensor:
        """Scores of all heads, (b, h, r, n), of cells that a query does not see as well.

        Args:
            parts: which count, (h, parts), in the place of those chosen.
        """
        parts = self.chosen.parts if parts is None else parts
        tables = self._tables(batch, parts[:, list(self.family.owners)])
        b, r, n = batch.visible.shape[0], *batch.visible.shape[2:]
        found = self._alike(batch, parts)
        found = found.scatter_add_(2, *self._at_places(batch, parts, tables)).view(-1, r, n)
        left, right = self._products(batch, tables)
        if left is not None and right is not None:
            found = torch.baddbmm(found, left.reshape(-1, r, left.shape[3]), right.reshape(-1, right.shape[2], n))
        far = self._by_distance(tables)
        if far is not None:
            logarithm = batch.distance.abs().float().log1p()
            found = found + (far * logarithm).expand(b, self.heads, r, n).reshape(-1, r, n)
        return found.view(b, self.heads, r, n)

    def _alike(self, batch: Batch, parts: Tensor) -> Tensor:
        """The curve of the distance, and masks, (b, h, r * n)."""
        curve = self.curve_values(0) * parts[:, :1]
        # Texts may be longer than those of training: beyond its last knot a curve goes on as it is there.
        far = self.family.longest - 1
        found = curve @ self._spans[(batch.distance.clamp(-far, far) + far).flatten()].T
        b = len(batch.cells)
        weights = (self.masks * parts[:, 2 : 2 + len(self.family.masks)])[:, list(batch.masks)]
        expanded = found.expand(b, *found.shape)
        if not batch.masks:
            return expanded.clone()
        return torch.baddbmm(expanded, weights.expand(b, *weights.shape), batch.cells.flatten(2))

    def _at_places(self, batch: Batch, parts: Tensor, tables: dict[int, Tensor]) -> tuple[Tensor, Tensor]:
        """Numbers of cells that are one in every row, and what is added there, both (b, h, r * k)."""
        b, r, n = batch.visible.shape[0], *batch.visible.shape[2:]
        first = self.curve_values(1) * parts[:, 1:2]
        index = first @ self._indices[batch.rows.clamp(max=self.family.longest - 1)].T
        found = {FIRST: index.expand(b, self.heads, r)}
        for k, values in tables.items():
            cells = self.family.weights[k].cells
            if cells == FIRST or _is_offset(cells):
                found[cells] = found[cells] + values if cells in found else values
        columns = torch.stack([_column(cells, batch.rows) for cells in found], 1)  # (r, k)
        there = (columns >= 0) & (columns < n)
        numbers = columns.clamp(0, n - 1) + torch.arange(0, r * n, n, device=self.device)[:, None]
        values = torch.stack(list(found.values()), 3) * there
        return numbers.flatten().expand(b, self.heads, -1), values.flatten(2)

    def _products(self, batch: Batch, tables: dict[int, Tensor]) -> tuple[Tensor | None, Tensor | None]:
        """What is multiplied to give pairings and weights of keys, (b, h, r, k) and (b, h, k, n)."""
        family = self.family
        alone = len(family.queries) + len(family.keys)
        pairs = [k for k in range(alone, alone + family.pairings) if k in tables]
        left, right = [tables[k] for k in pairs], [tables[k + family.pairings] for k in pairs]
        keys = [tables[k] for k in range(len(family.queries), alone) if k in tables and not family.weights[k].cells]
        if keys:
            right.append(sum(keys[1:], keys[0]))
            left.append(torch.ones((), device=self.device).expand(*keys[0].shape[:2], len(batch.rows)))
        return (torch.stack(left, 3), torch.stack(right, 2)) if left else (None, None)

    def _by_distance(self, tables: dict[int, Tensor]) -> Tensor | None:
        """What the logarithm of the distance is multiplied by, of a shape like (b, h, r, n)."""
        found: Tensor | None = None
        for k, values in tables.items():
            weights = self.family.weights[k]
            if weights.cells == "pair.log_distance":
                values = values[..., None] if k < len(self.family.queries) else values[:, :, None]
                found = values if found is None else found + values
        return found

    def _tables(self, batch: Batch, left: Tensor) -> dict[int, Tensor]:
        """Of each table of which something is left the weight of every token that it is asked for.

        The query's are asked for the rows, (b, h, r), and so are the key's at an offset; others for all, (b, h, n).
        """
        words, classes = self.words * (self.chosen.words * left), self.classes * (self.chosen.classes * left)
        together: dict[tuple[str, str], list[int]] = {}
        for k in _left(left):
            table = self.family.weights[k]
            place = table.cells if table.token.startswith("key") and _is_offset(table.cells) else ""
            together.setdefault((table.token, place), []).append(k)
        found: dict[int, Tensor] = {}
        b, n = batch.tokens.shape[1:]
        for (token, place), chosen in together.items():
            shift = int(token.endswith(".previous"))
            tokens, marks = batch.tokens[shift], batch.classes[shift]
            if token.startswith("query") or place:
                at = _column(place, batch.rows).clamp(0, n - 1) if place else batch.rows
                tokens, marks = tokens[:, at], marks[:, at]
            which = torch.tensor(chosen, device=self.device)
            own, shared = (values.index_select(2, which).flatten(1) for values in (words, classes))
            values = embedding(tokens, own) + marks @ shared
            values = values.view(b, -1, self.heads, len(chosen)).permute(3, 0, 2, 1)
            found |= dict(zip(chosen, values.contiguous(), strict=True))
        return found


def _half(values: Tensor) -> np.ndarray:
    return values.detach().half().cpu().numpy()


def _left(gates: Tensor) -> list[int]:
    """Columns of (h, k) gates that count for any head."""
    return torch.nonzero(gates.any(0))[:, 0].tolist()


def _is_offset(cells: str) -> bool:
    return cells.startswith("pair.offset(")


def _column(cells: str, rows: Tensor) -> Tensor:
    """The place of the key that is in some cells, (r,), of the first or of one at an offset."""
    if cells == FIRST:
        return torch.zeros_like(rows)
    return rows - int(cells.removeprefix("pair.offset(").removesuffix(")"))
