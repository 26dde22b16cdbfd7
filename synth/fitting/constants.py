"""Fits the constants of any program to a head, by Gauss-Newton on the cross-entropy.

The derivatives of a vectorised program's scores come from torch. A scripted program is only ever run: differences take
their place, and a constant whose small changes change nothing, such as a threshold, is tried at other values.
"""

import time
from dataclasses import dataclass

import torch
from torch import Tensor

from sandbox.verdicts import Verdict
from surrogates.errors import ProgramFailed
from surrogates.language.backend import Array
from surrogates.language.features import Texts
from surrogates.language.patterns import failing, scores
from surrogates.language.program import Program
from synth.fitting.descent import descend
from synth.fitting.newton import Rows, fit_newton, round_weights, tune_iou
from synth.material import HeadData

FIT_CELLS = 400_000
"""Cells of training patterns on which constants are fitted, or those of ``FIT_TEXTS`` texts where these have more."""
FIT_TEXTS = 20
COLUMN_CELLS = 64_000_000
"""Cells of the derivatives by all constants together, which bounds memory where texts are long and constants many."""
FEWEST_TEXTS = 4
FIT_SECONDS = 60.0
"""Time for fitting one program to one head; some hundred times what one that explains takes."""
SCRIPTED_TEXTS = 20
"""Training texts on which a scripted program is fitted: each of its constants costs a run on all of them."""
SCRIPTED_CONSTANTS = 12
"""Most constants of a scripted program that are fitted; one with more keeps its own values."""
MANY = 64
"""Constants above which they are fitted without the derivatives by each of them."""
MANY_CELLS = 250_000
"""As ``FIT_CELLS``, of a program with so many."""
OUTER_STEPS = 12
_SCALES = tuple(0.5**k for k in range(8))
"""Parts of a step that are tried: the linearisation may promise more than there is."""
_LOWEST = -50.0
"""Stands for -inf while fitting, so that a cell the program excludes but the head looks at has a finite price."""
_DIFFERENCE = 0.05
"""Change of a constant, as a share of it or of one, over which a scripted program's derivative is taken."""
_ELSEWHERE = (0.5, 2.0, 0.8, 1.25)
"""Multiples at which a constant without a derivative is tried, next to one more and one less."""


def fit_to_head(data: HeadData, program: Program, beside: Program | None = None) -> list[Program]:
    """A program with constants fitted to a head's training patterns; see :func:`refit`.

    Raises:
        ProgramFailed: the program fails on a training text, or a derivative is not finite.
    """
    if program.kind == "scripted" and len(program.constants) > SCRIPTED_CONSTANTS:
        return [program]
    lists = data.material.lists("train")
    cells = max(map(len, lists)) ** 2
    many = len(program.constants) > MANY
    room = len(lists) if many else max(FEWEST_TEXTS, COLUMN_CELLS // (cells * max(len(program.constants), 1)))
    count = min(len(lists), room, max(FIT_TEXTS, (MANY_CELLS if many else FIT_CELLS) // cells))
    batch = data.fitting(min(count, SCRIPTED_TEXTS) if program.kind == "scripted" else count)
    offset = None if beside is None else torch.as_tensor(scores(beside, batch.texts))
    return refit(program, batch.texts, batch.visible, batch.target, offset)


def refit(
    program: Program, texts: Texts, visible: Tensor, target: Tensor, offset: Tensor | None = None
) -> list[Program]:
    """The program with constants fitted to a head: once tuned on IoU, once to the cross-entropy.

    Scores linear in the constants need one linearisation; others are linearised anew after each step.

    Args:
        program: the values of its constants are where fitting starts.
        texts: training texts, in torch.
        visible: cells a query may see, shape (t, n, n).
        target: the head's pattern, shape (t, n, n).

    Raises:
        ProgramFailed: the program fails, a score or a derivative is not finite, or time or memory does not suffice.
    """
    if not program.constants:
        return [program]
    with failing(program):
        problem = _Problem(program, texts, visible, target, time.monotonic() + FIT_SECONDS, offset)
        weights = torch.tensor(list(program.constants.values()), dtype=torch.float32)
        if len(weights) > MANY and program.kind == "vectorised":
            return problem.descended(weights)
        weights = _gauss_newton(problem, weights)
        if program.kind == "scripted":
            moved = _try_elsewhere(problem, weights)
            weights = weights if moved is weights else _gauss_newton(problem, moved)
        tuned = _tune(problem, *problem.linearise(weights), weights)
        return [problem.rounded(tuned), problem.rounded(weights)]


def _gauss_newton(problem: "_Problem", weights: Tensor) -> Tensor:
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
    return weights


def _try_elsewhere(problem: "_Problem", weights: Tensor) -> Tensor:
    """Better values for constants without a derivative, one constant after the other; ``weights`` if there are none."""
    columns, _ = problem.linearise(weights)
    loss = problem.loss(weights)
    best = weights
    for place in torch.nonzero(columns.abs().amax((1, 2)) == 0)[:, 0].tolist():
        value = float(weights[place])
        for other in dict.fromkeys([*(value * factor for factor in _ELSEWHERE), value + 1, value - 1]):
            tried = best.clone()
            tried[place] = other
            new_loss = problem.loss(tried)
            if new_loss < loss - 1e-6:
                best, loss = tried, new_loss
    return best


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
    """A program whose constants are sought; weights are their values in the program's order, shape (k,).

    Attributes:
        deadline: by the monotonic clock, looked at before each evaluation; a program that is not fitted by then fails.
    """

    program: Program
    texts: Texts
    visible: Tensor
    target: Tensor
    deadline: float
    offset: Tensor | None = None

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
        tangents = self._differences(weights, value) if self.program.kind == "scripted" else self._tangents(weights)
        shape = self.visible.shape
        derivatives = torch.stack([tangent.expand(shape) for tangent in tangents])
        shown = value.expand(shape)[self.visible]
        if torch.isnan(shown).any() or (shown == torch.inf).any():
            raise ProgramFailed(f"{self.program.name}: a score in a visible cell is not finite", Verdict.NOT_FINITE)
        if not torch.isfinite(derivatives).all():
            raise ProgramFailed(f"{self.program.name}: a score's derivative is not finite", Verdict.NOT_FINITE)
        columns = torch.where(self.visible, derivatives, 0.0)[:, self.visible.any(-1)]
        # The softmax ignores what shifts a whole row; left in, it would drown small differences in rounding errors.
        seen = self._rows(self.visible)
        columns = (columns - columns.sum(-1, keepdim=True) / seen.sum(-1, keepdim=True)) * seen
        offset = self._values(value) - torch.tensordot(weights, columns, dims=1)
        return columns, Rows(self._rows(self.target), seen, offset)

    def _tangents(self, weights: Tensor) -> list[Tensor]:
        return [torch.func.jvp(self._scores, (weights,), (unit,))[1] for unit in torch.eye(len(weights))]

    def _differences(self, weights: Tensor, value: Tensor) -> list[Tensor]:
        found = []
        for unit in torch.eye(len(weights)):
            step = _DIFFERENCE * max(1.0, float((weights * unit).abs().sum()))
            # -inf stays -inf whatever the constants are.
            moved = self._scores(weights + step * unit).clamp(min=_LOWEST)
            found.append((moved - value.clamp(min=_LOWEST)) / step)
        return found

    def descended(self, weights: Tensor) -> list[Program]:
        """See :func:`descend`: the program tuned on IoU, and fitted to the cross-entropy."""
        first = self._scores(weights).expand(self.visible.shape)[self.visible]
        if torch.isnan(first).any() or (first == torch.inf).any():
            raise ProgramFailed(f"{self.program.name}: a score in a visible cell is not finite", Verdict.NOT_FINITE)
        found = descend(
            lambda tried: self._values(self._scores(tried)), self._rows(self.target), self._rows(self.visible), weights
        )
        fits = []
        for values in reversed(found):
            if not torch.isfinite(values).all():
                raise ProgramFailed(f"{self.program.name}: a score's derivative is not finite", Verdict.NOT_FINITE)
            rounded = [float(f"{value:.3g}") for value in values.tolist()]
            fits.append(self.program.with_constants(dict(zip(self.program.constants, rounded, strict=True))))
        return fits

    def rounded(self, weights: Tensor) -> Program:
        columns, rows = self.linearise(weights)
        values = round_weights(columns, rows, weights)
        return self.program.with_constants(dict(zip(self.program.constants, values, strict=True)))

    def _scores(self, weights: Tensor) -> Array:
        if time.monotonic() > self.deadline:
            reason = f"{self.program.name}: it takes over {FIT_SECONDS:g} s; write fewer constants or cheaper features"
            raise ProgramFailed(reason, Verdict.TIMED_OUT)
        found = scores(self.program, self.texts, dict(zip(self.program.constants, weights, strict=True)))
        return found if self.offset is None else found + self.offset

    def _values(self, value: Array) -> Tensor:
        """Scores of the rows, 0 where nothing is seen."""
        cells = torch.where(self.visible, value, 0.0).clamp(min=_LOWEST)
        return self._rows(cells)

    def _rows(self, cells: Tensor) -> Tensor:
        """The rows in which a query sees anything: (t, n, n) -> (rows, n)."""
        return cells[self.visible.any(-1)]
