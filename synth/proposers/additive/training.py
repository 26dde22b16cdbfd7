"""Fits additive models of several heads at once by Adam, and tells what each of their values is worth.

The objective of a step is the cross-entropy of the rows, the total variation of the rows (of which IoU is a function),
or between them. Both have gradients by the scores in closed form: of the cross-entropy it is the pattern times what the
head's row sums to, less that row.
"""

import math
from collections.abc import Iterable

import torch
from torch import Tensor

from evaluation.row_mass import row_mass
from synth.proposers.additive.model import Batch, Model
from synth.proposers.additive.rows import BATCH, Rows

STEP_ROWS = 32
"""Query rows of each text in a step."""
_PRIOR = 0.3
"""Pull of every value towards zero, in nats over all rows for a value of the root of two."""
_HIDDEN = -1e30
"""Score of a cell that the query does not see."""
_SMOOTH = 1e-4
"""Smooths the total variation's sign, so that cells that agree already do not chatter."""


class Training:
    """Fits a model to the heads' patterns on some rows.

    Args:
        model: what is fitted.
        rows: training rows.
        target: the heads' patterns on them, shape (t, h, r, n).
        seed: of the order of texts and rows.
    """

    def __init__(self, model: Model, rows: Rows, target: Tensor, seed: int) -> None:
        self.model = model
        arrays = rows.tokens, rows.classes, rows.rows, rows.cells, rows.visible
        tokens, classes, self._rows, self._cells, self._visible = (
            torch.from_numpy(array).to(model.device) for array in arrays
        )
        self._tokens, self._classes = tokens.long(), classes.float()
        self._hidden = torch.zeros_like(self._visible, dtype=torch.float32).masked_fill(~self._visible, _HIDDEN)
        self._target = target.to(model.device)
        # Text by text: in single precision all patterns together would take twice the memory.
        sums = torch.stack([own.float().sum(-1) for own in self._target])
        self._mass = row_mass(sums, self._visible.any(-1)[:, None])
        # Of the CPU whatever the device, so that the same is drawn.
        self._generator = torch.Generator().manual_seed(seed)
        self._starts: list[int] = []
        self._prior = _PRIOR / max(1, int(self._visible.any(-1).sum()))
        self._optimiser = torch.optim.Adam(model.values, betas=(0.9, 0.98), fused=True)

    def run(self, steps: int, first: float, last: float, overlap: float = 0.0, rows: int = STEP_ROWS) -> None:
        """Take steps whose rate falls from ``first`` to ``last`` along a cosine.

        Args:
            overlap: share of the total variation in the objective, the rest being cross-entropy.
            rows: of each text in a step.
        """
        for step in range(steps):
            rate = last + (first - last) * (1 + math.cos(math.pi * step / steps)) / 2
            for group in self._optimiser.param_groups:
                group["lr"] = rate
            batch = self._next(rows)
            scores = self.model.scores(batch)
            self._optimiser.zero_grad()
            scores.backward(_gradient(scores.detach(), batch, overlap))
            for values in self.model.values:
                if values.grad is not None:
                    values.grad.add_(values.detach(), alpha=self._prior)
            self._optimiser.step()

    def batch(self, start: int, picked: Tensor) -> Batch:
        """Some of the rows of the texts that make a batch from ``start`` on, with the masks that are left."""
        texts = slice(start, start + BATCH)
        masks = self.model.masks_left
        # Bytes become numbers faster than truth values do.
        cells = (
            self._cells[texts]
            .index_select(1, torch.tensor(masks, dtype=torch.long, device=picked.device))
            .index_select(2, picked)
        )
        return Batch(
            self._tokens[:, texts],
            self._classes[:, texts],
            self._rows[start, picked],
            masks,
            cells.view(torch.uint8).float(),
            self._visible[texts].index_select(1, picked)[:, None],
            self._hidden[texts].index_select(1, picked)[:, None],
            self._target[texts].index_select(2, picked).float(),
            None if self._mass is None else self._mass[texts].index_select(2, picked)[..., None],
        )

    def _next(self, rows: int) -> Batch:
        if not self._starts:
            count = math.ceil(len(self._target) / BATCH)
            self._starts = (torch.randperm(count, generator=self._generator) * BATCH).tolist()
        picked = torch.randperm(self._rows.shape[1], generator=self._generator)[:rows].sort().values
        return self.batch(self._starts.pop(), picked.to(self.model.device))

    @torch.no_grad()
    def worth_of_parts(self, batches: int = 2) -> Tensor:
        """How much the cross-entropy would rise without each part that is left, nats a row, (h, parts); else 0."""
        parts = self.model.chosen.parts
        picked = torch.arange(self._rows.shape[1], device=parts.device)[:: max(1, self._rows.shape[1] // 16)]
        spread = range(0, len(self._target), max(BATCH, len(self._target) // batches // BATCH * BATCH))
        order = parts.argsort(dim=1, descending=True, stable=True)
        worth = torch.zeros_like(parts)
        count = 0
        for start in list(spread)[:batches]:
            batch = self.batch(start, picked)
            whole = self.model.scores(batch)
            mass = batch.target.sum(3)
            before = _logarithm_of_sums(whole, batch)
            seeing = int(batch.visible.any(-1).sum())
            count += 1
            for turn in range(int(parts.sum(1).max())):
                # Of each head another part, since what is left of heads differs.
                places = order[:, turn : turn + 1]
                alone = torch.zeros_like(parts).scatter(1, places, parts.gather(1, places))
                own = self.model.scores(batch, alone)
                after = _logarithm_of_sums(whole - own, batch)
                more = (mass * (after - before)).sum((0, 2)) + (batch.target * own).sum((0, 2, 3))
                worth.scatter_add_(1, places, more[:, None] / max(1, seeing))
        return worth / max(1, count) * parts

    def curvature(self, values: Tensor) -> Tensor:
        """The loss's second derivative by some of the model's values, up to a factor.

        Adam's mean of squared gradients stands for it, as the Fisher information does in Theis et al., Faster gaze
        prediction with dense networks and Fisher pruning, 2018.
        """
        return self._optimiser.state[values]["exp_avg_sq"]

    def worth_of_values(self, values: Tensor) -> Tensor:
        """How much the loss would rise, to the second order and up to a factor, if each of some values were zero."""
        return values.detach() ** 2 * self.curvature(values)


def pattern_of(scores: Tensor, batch: Batch) -> Tensor:
    """Rows of the visible cells' shares; nothing in a row that sees nothing."""
    return (scores + batch.hidden).softmax(-1) * batch.visible


def cross_entropy(scores: Tensor, batch: Batch) -> Tensor:
    """Of each head, nats a row, (h,)."""
    logs = (scores + batch.hidden).log_softmax(-1)
    return -(batch.target * logs).sum((0, 2, 3)) / batch.visible.any(-1).sum().clamp(min=1)


def _logarithm_of_sums(scores: Tensor, batch: Batch) -> Tensor:
    """Of the exponentials over each row's visible cells, (b, h, r)."""
    return (scores + batch.hidden).logsumexp(-1)


def _gradient(scores: Tensor, batch: Batch, overlap: float) -> Tensor:
    """Of the objective by the scores, (b, h, r, n)."""
    pattern = (scores + batch.hidden).softmax(-1)  # rows that see nothing count below for nothing
    difference = pattern - batch.target
    found = difference if batch.mass is None else pattern * batch.mass - batch.target
    if overlap:
        slope = (difference**2).add_(_SMOOTH).rsqrt_().mul_(difference).mul_(pattern)
        slope -= pattern * slope.sum(-1, keepdim=True)
        found = found.mul_(1 - overlap).add_(slope, alpha=overlap)
    seeing = batch.visible.any(-1, keepdim=True)
    return found * (seeing / seeing.sum().clamp(min=1))


def stacked(patterns: Iterable[Tensor], rows: Rows) -> Tensor:
    """The patterns of heads on whole texts, each (t, n, n), at the rows: (t, h, r, n) in half precision."""
    place, chosen = torch.arange(len(rows.rows))[:, None], torch.from_numpy(rows.rows)
    visible = torch.from_numpy(rows.visible)
    return torch.stack([(found[place, chosen] * visible).half() for found in patterns], dim=1)


@torch.no_grad()
def overlap(model: Model, rows: Rows, target: Tensor) -> Tensor:
    """IoU of the model's patterns with heads' on the texts of one batch of which all rows are there, (t, h)."""
    training = Training(model, rows, target, 0)
    batch = training.batch(0, torch.arange(rows.rows.shape[1], device=model.device))
    pattern = pattern_of(model.scores(batch), batch)
    larger = torch.maximum(pattern, batch.target).sum((2, 3))
    return torch.minimum(pattern, batch.target).sum((2, 3)) / larger.clamp(min=1e-12)
