"""Fits many constants at once: by gradients of the loss alone, where derivatives by each would take too long.

A program of curves and word weights has hundreds of values, and each takes part in few cells; one backward pass gives
the slope by all of them.
"""

from collections.abc import Callable

import torch
from torch import Tensor

_PULL = 0.5
"""Of every constant towards zero, nats over all rows per its square: keeps what few rows tell of near it."""
_ROUNDS = 25
_STEPS = 40
_RATE = 0.02
_OVERLAP = 0.6
"""Share of the total variation where overlap should be good as well as cross-entropy."""
_SMOOTH = 1e-4


def descend(
    scores: Callable[[Tensor], Tensor], target: Tensor, visible: Tensor, start: Tensor
) -> tuple[Tensor, Tensor]:
    """Constants of least cross-entropy, by L-BFGS, and from there ones of higher IoU, by Adam.

    Args:
        scores: of constants, (k,) -> (rows, n); differentiable.
        target: shape (rows, n).
        visible: shape (rows, n).
        start: shape (k,).
    """

    def losses(weights: Tensor) -> tuple[Tensor, Tensor]:
        logs = scores(weights).masked_fill(~visible, -1e30).log_softmax(-1)
        difference = logs.exp() - target
        variation = ((difference**2 + _SMOOTH).sqrt() * visible).sum(-1).mean() / 2
        return -(target * logs.masked_fill(~visible, 0.0)).sum(-1).mean() + _PULL * (weights**2).sum() / len(
            target
        ), variation

    weights = start.clone().requires_grad_()
    solver = torch.optim.LBFGS([weights], max_iter=_ROUNDS, history_size=20, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        solver.zero_grad()
        loss, _ = losses(weights)
        loss.backward()
        return loss

    solver.step(closure)
    least = weights.detach().clone()
    weights = least.clone().requires_grad_()
    adam = torch.optim.Adam([weights], lr=_RATE)
    best, tuned = torch.inf, least
    for _ in range(_STEPS):
        adam.zero_grad()
        loss, variation = losses(weights)
        if variation.item() < best:
            best, tuned = variation.item(), weights.detach().clone()
        ((1 - _OVERLAP) * loss + _OVERLAP * variation).backward()
        adam.step()
    return least, tuned
