"""Fits the constants of any vectorised program to a head, by Gauss-Newton on the cross-entropy through torch."""

from dataclasses import dataclass

import torch
from torch import Tensor

from surrogates.backend import Array
from surrogates.errors import ProgramFailed
from surrogates.features import Texts
from surrogates.patterns import scores
from surrogates.program import Program
from synth.fitting import Rows, fit_newton, round_weights, tune_iou

OUTER_STEPS = 12
_SCALES = tuple(0.5**k for k in range(8))
"""Parts of a step that are tried: the linearisation may promise more than there is."""
_LOWEST = -50.0
"""Stands for -inf while fitting, so that a cell the program excludes but the head looks at has a finite price."""


def refit(program: Program, texts: Texts, visible: Tensor, target: Tensor) -> list[Program]:
    """The program with constants fitted to a head: once tuned on IoU, once to the cross-entropy.

    Scores linear in the constants need one linearisation; others are linearised anew after each step.

    Args:
        program: vectorised; the values of its constants are where fitting starts.
        texts: training texts, in torch.
        visible: cells a query may see, shape (t, n, n).
        target: the head's pattern, shape (t, n, n).

    Raises:
        ProgramFailed: a score or a derivative is not finite.
    """
    if not program.constants:
        return [program]
    problem = _Problem(program, texts, visible, target)
    weights = torch.tensor(list(program.constants.values()), dtype=torch.float32)
    columns, rows = problem.linearise(weights)
    loss = problem.loss(weights)
    for _ in range(OUTER_STEPS):
        step = fit_newton(columns, rows, weights).weights - weights
        for scale in _SCALES:
            tried = weights + scale * step
            new_loss = problem.loss(tried)
            if new_loss < loss - 1e-6:
                break
        else:
            break
        weights, loss = tried, new_loss
        before = columns
        columns, rows = problem.linearise(weights)
        if torch.allclose(columns, before, rtol=1e-3, atol=1e-4):
            break  # linear in the constants, so one step was enough
    tuned = _tune(problem, columns, rows, weights)
    return [problem.rounded(tuned), problem.rounded(weights)]


def _tune(problem: "_Problem", columns: Tensor, rows: Rows, weights: Tensor) -> Tensor:
    """Weights of higher IoU near those of least cross-entropy, where the linearisation still holds."""
    step = tune_iou(columns, rows, fit_newton(columns, rows, weights, iterations=0)) - weights
    variation = problem.variation(weights)
    for scale in _SCALES:
        if problem.variation(weights + scale * step) < variation:
            return weights + scale * step
    return weights


@dataclass(frozen=True)
class _Problem:
    """A program whose constants are sought; weights are their values in the program's order, shape (k,)."""

    program: Program
    texts: Texts
    visible: Tensor
    target: Tensor

    def loss(self, weights: Tensor) -> float:
        """Cross-entropy in nats a row; not a number where a score is none."""
        seen = self._rows(self.visible)
        values = self._values(self._scores(weights))
        total = values.masked_fill(~seen, -torch.inf).logsumexp(-1)
        return float((total - (self._rows(self.target) * values).sum(-1)).mean())

    def variation(self, weights: Tensor) -> float:
        """Half the mean L1 distance of rows."""
        values = self._values(self._scores(weights)).masked_fill(~self._rows(self.visible), -torch.inf)
        return float((values.softmax(-1) - self._rows(self.target)).abs().sum(-1).mean() / 2)

    def linearise(self, weights: Tensor) -> tuple[Tensor, Rows]:
        """Derivatives of the scores by each constant, shape (k, rows, n), and the rows with the rest of the scores."""
        value = self._scores(weights)
        units = torch.eye(len(weights))
        tangents = [torch.func.jvp(self._scores, (weights,), (unit,))[1] for unit in units]
        derivatives = torch.stack(list(torch.broadcast_tensors(*tangents)))
        if torch.isnan(value).any() or not torch.isfinite(derivatives).all():
            raise ProgramFailed(f"{self.program.name}: a score or its derivative is not finite")
        shape = self.visible.shape
        columns = torch.where(self.visible, derivatives.expand(len(weights), *shape), 0.0)[:, self.visible.any(-1)]
        # The softmax ignores what shifts a whole row; left in, it would drown small differences in rounding errors.
        seen = self._rows(self.visible)
        columns = (columns - columns.sum(-1, keepdim=True) / seen.sum(-1, keepdim=True)) * seen
        offset = self._values(value) - torch.tensordot(weights, columns, dims=1)
        return columns, Rows(self._rows(self.target), seen, offset)

    def rounded(self, weights: Tensor) -> Program:
        columns, rows = self.linearise(weights)
        values = round_weights(columns, rows, weights)
        return self.program.with_constants(dict(zip(self.program.constants, values, strict=True)))

    def _scores(self, weights: Tensor) -> Array:
        return scores(self.program, self.texts, dict(zip(self.program.constants, weights, strict=True)))

    def _values(self, value: Array) -> Tensor:
        """Scores of the rows, 0 where nothing is seen."""
        cells = torch.where(self.visible, value, 0.0).clamp(min=_LOWEST)
        return self._rows(cells)

    def _rows(self, cells: Tensor) -> Tensor:
        """The rows in which a query sees anything: (t, n, n) -> (rows, n)."""
        return cells[self.visible.any(-1)]
