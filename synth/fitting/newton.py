"""Fitting constants to a pattern: Newton's method on the cross-entropy, then descent on IoU.

Scores linear in the constants make the cross-entropy convex, so Newton's method with a line search finds its minimum in
a few steps. Shapes: k constants, and rows of n cells each; columns hold the derivative of the scores by each constant.
A row whose target sums to m has the gradient m pattern - target, and m times the curvature.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from evaluation.row_mass import row_mass

RIDGE = 1e-4
"""Pull of every constant towards zero, as a fraction of its curvature under the uniform pattern: keeps separable
constants finite."""
_ENOUGH = 0.25
"""Share of the decrease that a step's slope promises by which a step is kept. One that overshoots may still lower the
loss, and end where every pattern is all but certain and the next step has no curvature to go by."""

_CACHED = 250_000
"""Numbers that are worked on at once where columns are many, so that the next operation finds them in the cache."""


@dataclass(frozen=True)
class Rows:
    """Query rows of one head's pattern: what is to be explained.

    Attributes:
        target: the head's pattern, shape (rows, n).
        visible: mask of the cells a query may see, shape (rows, n).
        offset: scores that no constant changes, shape (rows, n), or None.
    """

    target: Tensor
    visible: Tensor
    offset: Tensor | None = None

    def __post_init__(self) -> None:
        if self.target.shape != self.visible.shape:
            raise ValueError(
                f"target {tuple(self.target.shape)} and visible {tuple(self.visible.shape)} differ in shape"
            )

    @cached_property
    def mass(self) -> Tensor | None:
        """What each row of the target sums to, shape (rows, 1); None where all sum to one."""
        found = row_mass(self.target.sum(-1), self.visible.any(-1))
        return None if found is None else found[:, None]

    def weighed(self, values: Tensor) -> Tensor:
        """Values of the rows, shape (rows, …), times what each row sums to."""
        return values if self.mass is None else values * self.mass


@dataclass(frozen=True)
class Fit:
    """Where a fit ended.

    Attributes:
        weights: constants, shape (k,).
        loss: cross-entropy minus the target's part that no constant changes, nats a row, ridge aside.
        pattern: shape (rows, n).
    """

    weights: Tensor
    loss: float
    pattern: Tensor


def _scores(columns: Tensor, weights: Tensor, rows: Rows) -> Tensor:
    """Masked scores, a new tensor of shape (rows, n)."""
    scores = torch.tensordot(weights, columns, dims=1)
    if rows.offset is not None:
        scores += rows.offset
    return scores.masked_fill_(~rows.visible, -torch.inf)


def _softmax(scores: Tensor) -> tuple[Tensor, Tensor]:
    """Pattern, in the place of masked scores, and the logarithm of each row's normaliser, shape (rows, 1)."""
    top = scores.amax(-1, keepdim=True)
    pattern = scores.sub_(top).exp_()
    total = pattern.sum(-1, keepdim=True)
    return pattern.div_(total), top + total.log()


def _forward(columns: Tensor, weights: Tensor, rows: Rows, observed: Tensor) -> tuple[Tensor, float]:
    """Pattern (rows, n) and loss of weights; columns (k, rows, n), observed: their mean under the target, (k,)."""
    pattern, normaliser = _softmax(_scores(columns, weights, rows))
    return pattern, float(rows.weighed(normaliser).mean() - observed @ weights)


def _expectation(columns: Tensor, pattern: Tensor) -> Tensor:
    """Mean of each column under a pattern, averaged over rows: (k, rows, n) and (rows, n) -> (k,)."""
    return columns.flatten(1) @ pattern.flatten() / len(pattern)


def _curvature(columns: Tensor, pattern: Tensor, rows: Rows) -> Tensor:
    """Covariance of (k, rows, n) columns under each row's pattern, averaged over rows as they weigh: (k, k)."""
    k, count, n = columns.shape
    weights = rows.weighed(pattern)
    found = torch.zeros(k, k)
    size = max(1, _CACHED // (k * n))
    for start in range(0, count, size):
        part = slice(start, start + size)
        some = columns[:, part]
        weighted = some * weights[part]
        sums = weighted.sum(-1)
        means = sums if rows.mass is None else (some * pattern[part]).sum(-1)
        found += weighted.flatten(1) @ some.flatten(1).T - sums @ means.T
    return found / count


def _ridge(columns: Tensor, rows: Rows) -> Tensor:
    counts = rows.visible.sum(-1).clamp(min=1)
    means = columns.sum(-1) / counts
    variance = torch.linalg.vecdot(columns, columns) / counts - means**2
    return RIDGE * variance.mean(-1).clamp(min=1e-8)


def _scales(change: Tensor, visible: Tensor) -> Iterator[float]:
    """Parts of a Newton step to try: the whole, halves, and at last one that lowers the loss for certain.

    A row's third derivative along the step is at most the range of its scores' change, R, times the second. That bounds
    the loss at a part t of the step by an exponential in R t, which is least at t = ln(1 + R) / R (the argument of
    Bach, Self-concordant analysis for logistic regression, 2010).

    Args:
        change: of the scores by the whole step, shape (rows, n).
    """
    highest = change.masked_fill(~visible, -torch.inf).amax(-1)
    lowest = change.masked_fill(~visible, torch.inf).amin(-1)
    reach = max(float((highest - lowest).max()), 1e-6)
    certain = math.log1p(reach) / reach
    scale = 1.0
    while scale > certain:
        yield scale
        scale /= 2
    yield certain


def fit_newton(columns: Tensor, rows: Rows, start: Tensor | None = None, iterations: int = 20) -> Fit:
    """Minimise the cross-entropy over the weights of columns.

    Args:
        columns: shape (k, rows, n), 0 in invisible cells.
        rows: what to fit.
        start: weights to start from, shape (k,); zeros by default.
        iterations: at most so many Newton steps; it stops when the loss falls by less than 1e-6 nats.
    """
    k = columns.shape[0]
    weights = torch.zeros(k) if start is None else start.clone()
    ridge = _ridge(columns, rows)
    observed = _expectation(columns, rows.target)
    pattern, loss = _forward(columns, weights, rows, observed)
    for _ in range(iterations):
        hessian = _curvature(columns, pattern, rows)
        gradient = _expectation(columns, rows.weighed(pattern)) - observed + ridge * weights
        step = torch.linalg.solve(hessian + torch.diag(ridge + 1e-7), gradient)
        slope = float(gradient @ step)
        scores = _scores(columns, weights, rows)
        change = torch.tensordot(step, columns, dims=1)
        penalised = loss + 0.5 * float(ridge @ weights**2)
        for scale in _scales(change, rows.visible):
            tried = weights - scale * step
            new_pattern, normaliser = _softmax(scores - scale * change)
            new_loss = float(rows.weighed(normaliser).mean() - observed @ tried)
            gain = penalised - new_loss - 0.5 * float(ridge @ tried**2)
            if gain >= _ENOUGH * scale * slope:
                break
        if gain <= 0:
            break  # as low as rounding errors let it come
        weights, pattern, loss = tried, new_pattern, new_loss
        if gain < 1e-6:
            break
    return Fit(weights, loss, pattern)


def tune_iou(columns: Tensor, rows: Rows, fit: Fit, steps: int = 40, rate: float = 0.05) -> Tensor:
    """Weights of higher IoU than the cross-entropy's minimum, found by Adam on the total variation.

    Steps are taken in the coordinates in which the cross-entropy's curvature is the identity, so one rate serves every
    column. The best weights met are returned, the start's if none is better.
    """
    values, vectors = torch.linalg.eigh(_curvature(columns, fit.pattern, rows))
    basis = vectors / values.clamp(min=1e-3 * float(values.max()) + 1e-9).sqrt()
    scores_basis = torch.tensordot(basis.T, columns, dims=1)
    coordinates = torch.zeros(len(fit.weights))
    first, second = torch.zeros_like(coordinates), torch.zeros_like(coordinates)
    base = _scores(columns, fit.weights, rows)
    best, best_coordinates = torch.inf, coordinates
    for step in range(1, steps + 2):
        pattern = (base + torch.tensordot(coordinates, scores_basis, dims=1)).softmax(-1)
        difference = pattern - rows.target
        variation = float(difference.abs().sum(-1).mean() / 2)
        if variation < best:
            best, best_coordinates = variation, coordinates.clone()
        if step > steps:
            break
        # Smoothed sign, so that cells already matched do not chatter.
        slope = difference / (difference**2 + 1e-4).sqrt()
        slope = pattern * (slope - (pattern * slope).sum(-1, keepdim=True))
        gradient = _expectation(scores_basis, slope)
        first = 0.9 * first + 0.1 * gradient
        second = 0.95 * second + 0.05 * gradient**2
        update = (first / (1 - 0.9**step)) / ((second / (1 - 0.95**step)).sqrt() + 1e-8)
        coordinates = coordinates - rate * (1 - step / (steps + 1)) * update
    return fit.weights + basis @ best_coordinates


def round_weights(figures: Callable[[Tensor], tuple[float, float]], weights: Tensor) -> list[float]:
    """Weights in as few significant digits, two or more, as cost under 0.0005 in cross-entropy and in variation.

    Args:
        figures: cross-entropy and variation of weights.
    """
    loss, variation = figures(weights)
    for digits in (2, 3, 4):
        rounded = [float(f"{weight:.{digits}g}") for weight in weights.tolist()]
        new_loss, new_variation = figures(torch.tensor(rounded))
        if new_loss <= loss + 5e-4 and new_variation <= variation + 5e-4:
            return rounded
    return [float(f"{weight:.7g}") for weight in weights.tolist()]
