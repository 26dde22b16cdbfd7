"""Fits the constants of any vectorised program to a head, by Gauss-Newton on the cross-entropy through torch."""

from collections.abc import Sequence

import torch
from torch import Tensor

from surrogates.backend import Array
from surrogates.features import Texts
from surrogates.patterns import ProgramFailed, scores
from surrogates.program import Program
from synth.fitting import Rows, fit_newton, round_weights, tune_iou

OUTER_STEPS = 12
_LOWEST = -50.0
"""Stands for -inf while fitting, so that a cell the program excludes but the head looks at has a finite price."""


def refit(program: Program, texts: Texts, visible: Tensor, target: Tensor) -> list[Program]:
    """The program with constants fitted to a head: once to the cross-entropy, once tuned on IoU from there.

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
    names = list(program.constants)
    rows = visible.any(-1)
    weights = torch.tensor([program.constants[name] for name in names], dtype=torch.float32)
    best: tuple[float, Tensor] | None = None
    for _ in range(OUTER_STEPS):
        value, columns = _linearise(program, texts, names, weights)
        shape = visible.shape
        columns = torch.where(visible, columns.expand(len(names), *shape), 0.0)[:, rows]
        offset = value.expand(shape)[rows].clamp(min=_LOWEST) - torch.tensordot(weights, columns, dims=1)
        data = Rows(target[rows], visible[rows], offset)
        here = fit_newton(columns, data, weights, iterations=0).loss
        if best is not None and here > best[0] - 1e-5:
            # The linearisation promised more than there was: stay, or try half way.
            if here <= best[0] or torch.allclose(weights, best[1], rtol=1e-3):
                break
            weights = (weights + best[1]) / 2
            continue
        best = (here, weights)
        fit = fit_newton(columns, data, weights)
        kept = (columns, data, fit)
        if torch.allclose(fit.weights, weights, rtol=1e-4, atol=1e-5):
            break
        weights = fit.weights
        if _is_linear(program, texts, names, weights, columns, visible, rows):
            break
    columns, data, fit = kept
    tuned = tune_iou(columns, data, fit)
    return [_with(program, names, round_weights(columns, data, w)) for w in (tuned, fit.weights)]


def _with(program: Program, names: Sequence[str], weights: Sequence[float]) -> Program:
    return program.with_constants(dict(zip(names, weights, strict=True)))


def _linearise(program: Program, texts: Texts, names: list[str], weights: Tensor) -> tuple[Tensor, Tensor]:
    """Scores (broadcastable to (t, n, n)) and their derivative by each constant (k, …)."""
    value = scores(program, texts, dict(zip(names, weights, strict=True)))

    def at(values: Tensor) -> Array:
        return scores(program, texts, dict(zip(names, values, strict=True)))

    tangents = [torch.func.jvp(at, (weights,), (unit,))[1] for unit in torch.eye(len(names))]
    columns = torch.stack(list(torch.broadcast_tensors(*tangents)))
    if torch.isnan(value).any() or not torch.isfinite(columns).all():
        raise ProgramFailed(f"{program.name}: a score or its derivative is not finite")
    return value, columns


def _is_linear(
    program: Program, texts: Texts, names: list[str], weights: Tensor, columns: Tensor, visible: Tensor, rows: Tensor
) -> bool:
    """Whether the derivatives at other weights are those already known."""
    _, again = _linearise(program, texts, names, weights)
    again = torch.where(visible, again.expand(len(names), *visible.shape), 0.0)[:, rows]
    return torch.allclose(again, columns, rtol=1e-3, atol=1e-4)
