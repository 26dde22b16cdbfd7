"""Fits the constants of any program to a head, by Gauss-Newton on the cross-entropy.

The derivatives of a vectorised program's scores come from torch. A scripted program is only ever run: differences take
their place, and a constant whose small changes change nothing, such as a threshold, is tried at other values.
"""

import time
from collections.abc import Sequence

import torch
from torch import Tensor

from evaluation.row_mass import row_mass
from sandbox.verdicts import Verdict
from surrogates.errors import ProgramFailed
from surrogates.language.features import Texts
from surrogates.language.patterns import failing, scores
from surrogates.language.program import Program
from surrogates.language.slopes import scores_and_slopes
from synth.fitting.descent import descend
from synth.fitting.newton import Rows, fit_newton, round_weights, tune_iou
from synth.material import HeadData

FIT_CELLS = 400_000
"""Cells of training patterns on which constants are fitted, or those of ``FIT_TEXTS`` texts where these have more."""
FIT_TEXTS = 20
"""Also those on which a vectorised program is fitted first."""
COLUMN_CELLS = 64_000_000
"""Cells of the derivatives by all constants together, which bounds memory where texts are long and constants many."""
FEWEST_TEXTS = 4
FIT_SECONDS = 60.0
"""Time for fitting one program to one head; some hundred times what one that explains takes."""
SCRIPTED_TEXTS = 20
"""Training texts on which a scripted program is fitted: each of its constants costs a run on all of them."""
FIRST_SCRIPTED_TEXTS = 5
"""Of them those on which it is fitted first."""
HOPELESS = 0.15
"""IoU on the first texts that a program may lack of the best one known. Fitting on more texts, and tuning, add less:
one that lacks more will not lead, and is fitted no further."""
SCRIPTED_CONSTANTS = 12
"""Most constants of a scripted program that are fitted; one with more keeps its own values. The prompt says so."""
MANY = 64
"""Constants above which they are fitted without the derivatives by each of them."""
MANY_CELLS = 250_000
"""As ``FIT_CELLS``, of a program with so many."""
CAREFUL_CELLS = 1_000_000
"""The same where it is worth the time: on fewer, hundreds of constants that were well fitted follow the few texts."""
OUTER_STEPS = 12
_SCALES = tuple(0.5**k for k in range(8))
"""Parts of a step that are tried: the linearisation may promise more than there is."""
_GAIN = 1e-5
"""Least cross-entropy, nats a row, that a step must gain."""
_LOWEST = -50.0
"""Stands for -inf while fitting, so that a cell the program excludes but the head looks at has a finite price."""
_LEAST_LOG = -85.0
"""What is less than its exponential takes a processor several times longer."""
_DIFFERENCE = 0.05
"""Change of a constant, as a share of it or of one, over which a scripted program's derivative is taken."""
_ELSEWHERE = (0.5, 2.0, 0.8, 1.25)
"""Multiples at which a constant without a derivative is tried, next to one more and one less."""


def fit_to_head(
    data: HeadData, program: Program, *, beside: Program | None = None, known: float = 0.0, many: int = MANY_CELLS
) -> list[Program]:
    """A program with constants fitted to a head's training patterns; see :func:`refit`.

    Constants are fitted on few texts first, and from there on as many as tell them well. A program that is hopeless on
    the few is fitted no further and comes in one version.

    Args:
        beside: a program whose scores are added to those of the one that is fitted.
        known: IoU of the best program there is; less by more than :data:`HOPELESS` is hopeless.
        many: cells on which a program with more than :data:`MANY` constants is fitted.

    Raises:
        ProgramFailed: a program fails on a training text, or a derivative is not finite.
    """
    scripted = program.kind == "scripted"
    if not program.constants or (scripted and len(program.constants) > SCRIPTED_CONSTANTS):
        return [program]
    lists = data.material.lists("train")
    cells = max(map(len, lists)) ** 2
    descended = len(program.constants) > MANY
    room = len(lists) if descended else max(FEWEST_TEXTS, COLUMN_CELLS // (cells * len(program.constants)))
    count = min(len(lists), room, max(FIT_TEXTS, (many if descended else FIT_CELLS) // cells))
    stages = (FIRST_SCRIPTED_TEXTS, SCRIPTED_TEXTS) if scripted else (count,) if descended else (FIT_TEXTS, count)
    problems = []
    deadline = time.monotonic() + FIT_SECONDS
    with failing(program):
        for texts in sorted({min(count, stage) for stage in stages}):
            batch = data.fitting(texts)
            offset = None if beside is None else data.scores(beside, texts)
            problems.append(_Problem(program, batch.texts, batch.visible, batch.target, offset, deadline))
        return _fitted(problems, known)


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
        offset: scores that are added to the program's, shape (t, n, n); none by default.

    Raises:
        ProgramFailed: the program fails, a score or a derivative is not finite, or time or memory does not suffice.
    """
    if not program.constants:
        return [program]
    with failing(program):
        return _fitted([_Problem(program, texts, visible, target, offset, time.monotonic() + FIT_SECONDS)])


def _fitted(problems: Sequence["_Problem"], known: float = 0.0) -> list[Program]:
    """See :func:`refit`; the problems are of one program, on ever more texts."""
    program = problems[0].program
    weights = torch.tensor(list(program.constants.values()), dtype=torch.float32)
    if len(weights) > MANY and program.kind == "vectorised":
        return problems[-1].descended(weights)
    linear: bool | None = None
    for problem in problems:
        problem.linear = linear
        weights = _gauss_newton(problem, weights)
        linear = problem.linear
        if problem is problems[0]:
            if program.kind == "scripted":
                moved = _try_elsewhere(problem, weights)
                weights = weights if moved is weights else _gauss_newton(problem, moved)
            # The sums of the smaller and of the larger of two cells lie so far on either side of their mean.
            variation = problem.figures(weights)[1]
            if (problem.mean - variation) / (problem.mean + variation) < known - HOPELESS:
                return [problem.rounded(weights)]
    # Few texts tell as well where tuning leads, and all whether it pays.
    tuned = _tune(problem if program.kind == "scripted" else problems[0], problem, weights)
    return [problem.rounded(tuned), problem.rounded(weights)]


def _gauss_newton(problem: "_Problem", weights: Tensor) -> Tensor:
    columns, rows = problem.linearise(weights)
    loss, _ = problem.figures(weights)
    for _ in range(OUTER_STEPS):
        # Where the scores are not linear, what is beyond a few steps is thrown away with the linearisation.
        step = fit_newton(columns, rows, weights, iterations=3 if problem.linear is False else 20).weights - weights
        for scale in _SCALES:
            tried = weights + scale * step
            new_loss, _ = problem.figures(tried)
            if new_loss < loss - _GAIN:
                break
        else:
            break
        weights, loss = tried, new_loss
        if problem.linear:
            break  # one step was enough
        before = columns
        columns, rows = problem.linearise(weights)
        if problem.linear is None:
            problem.linear = bool((columns - before).abs().amax() <= 1e-3 * before.abs().amax() + 1e-4)
            if problem.linear:
                break
    return weights


def _try_elsewhere(problem: "_Problem", weights: Tensor) -> Tensor:
    """Better values for constants without a derivative, one constant after the other; ``weights`` if there are none."""
    columns, _ = problem.linearise(weights)
    loss, _ = problem.figures(weights)
    best = weights
    for place in torch.nonzero(columns.abs().amax((1, 2)) == 0)[:, 0].tolist():
        value = float(weights[place])
        for other in dict.fromkeys([*(value * factor for factor in _ELSEWHERE), value + 1, value - 1]):
            tried = best.clone()
            tried[place] = other
            new_loss, _ = problem.figures(tried)
            if new_loss < loss - _GAIN:
                best, loss = tried, new_loss
    return best


def _tune(few: "_Problem", all_: "_Problem", weights: Tensor) -> Tensor:
    """Weights of higher IoU near those of least cross-entropy, where the linearisation still holds."""
    columns, rows = few.linearise(weights)
    step = tune_iou(columns, rows, fit_newton(columns, rows, weights, iterations=0)) - weights
    _, variation = all_.figures(weights)
    for scale in _SCALES:
        if all_.figures(weights + scale * step)[1] < variation:
            return weights + scale * step
    return weights


class _Problem:
    """A program whose constants are sought; weights are their values in the program's order, shape (k,).

    Attributes:
        linear: whether the scores are linear in the constants; None as long as that is not known.
        mean: of what a row of the program's pattern sums to, and one of the head's.

    Args:
        offset: scores that are added to the program's, shape (t, n, n).
        deadline: by the monotonic clock, looked at before each evaluation; a program that is not fitted by then fails.
    """

    def __init__(
        self, program: Program, texts: Texts, visible: Tensor, target: Tensor, offset: Tensor | None, deadline: float
    ) -> None:
        self.program = program
        self.linear: bool | None = None
        self._texts, self._visible, self._offset, self._deadline = texts, visible, offset, deadline
        seeing = visible.any(-1)
        # The rows in which a query sees anything: None where all do, which saves the time to choose.
        self._seeing = None if seeing.all() else torch.nonzero(seeing.flatten())[:, 0]
        self._seen, self._target = self._rows(visible), self._rows(target)
        mass = row_mass(self._target.sum(-1), self._seen.any(-1))
        self.mean = 1.0 if mass is None else (1 + float(mass.mean())) / 2
        self._kept: tuple[Tensor, Tensor, Rows] | None = None

    def figures(self, weights: Tensor) -> tuple[float, float]:
        """Cross-entropy in nats a row, and half the mean L1 distance of rows; not a number where a score is none."""
        if self.program.kind == "scripted" and self._straight():
            values = self._along(weights)  # exact, and without a run
        else:
            values = self._values(self._scores(weights))
        logs = values.masked_fill(~self._seen, -torch.inf).log_softmax(-1).clamp_(min=_LEAST_LOG)
        loss = -torch.linalg.vecdot(self._target, logs).mean()
        variation = torch.linalg.vector_norm(logs.exp_().sub_(self._target), 1) / (2 * len(logs))
        return float(loss), float(variation)

    def linearise(self, weights: Tensor) -> tuple[Tensor, Rows]:
        """Derivatives of the scores by each constant, shape (k, rows, n), and the rows with the rest of the scores."""
        if self._kept is not None and (self._straight() or torch.equal(self._kept[0], weights)):
            return self._kept[1:]
        self._check_time()
        if self.program.kind == "scripted":
            value = self._scores(weights)
            slopes = self._differences(weights, value)
        else:
            value, slopes = scores_and_slopes(self.program, self._texts, self._named(weights), self._visible.shape)
            value = self._beside(value)
        shown = value.expand(self._visible.shape)
        if not torch.where(self._visible, shown, 0.0).amax() < torch.inf:
            raise ProgramFailed(f"{self.program.name}: a score in a visible cell is not finite", Verdict.NOT_FINITE)
        columns = slopes.flatten(1, 2) if self._seeing is None else slopes.flatten(1, 2)[:, self._seeing]
        columns.masked_fill_(~self._seen, 0.0)
        # The softmax ignores what shifts a whole row; left in, it would drown small differences in rounding errors.
        columns -= columns.sum(-1, keepdim=True) / self._seen.sum(-1, keepdim=True)
        columns *= self._seen
        if not torch.isfinite(columns.sum()):
            raise ProgramFailed(f"{self.program.name}: a score's derivative is not finite", Verdict.NOT_FINITE)
        offset = self._values(value) - torch.tensordot(weights, columns, dims=1)
        self._kept = weights, columns, Rows(self._target, self._seen, offset)
        return self._kept[1:]

    def _straight(self) -> bool:
        """Whether the columns there are tell the scores of all weights, as they do not of what has no derivative."""
        return bool(self.linear) and self._kept is not None and bool((self._kept[1].abs().amax((1, 2)) > 0).all())

    def _along(self, weights: Tensor) -> Tensor:
        assert self._kept is not None and self._kept[2].offset is not None
        return torch.tensordot(weights, self._kept[1], dims=1) + self._kept[2].offset

    def _differences(self, weights: Tensor, value: Tensor) -> Tensor:
        found = []
        for unit in torch.eye(len(weights)):
            step = _DIFFERENCE * max(1.0, float((weights * unit).abs().sum()))
            # -inf stays -inf whatever the constants are.
            moved = self._scores(weights + step * unit).clamp(min=_LOWEST)
            found.append((moved - value.clamp(min=_LOWEST)) / step)
        return torch.stack(found)

    def descended(self, weights: Tensor) -> list[Program]:
        """See :func:`descend`: the program tuned on IoU, and fitted to the cross-entropy."""
        first = self._scores(weights).expand(self._visible.shape)
        if not torch.where(self._visible, first, 0.0).amax() < torch.inf:
            raise ProgramFailed(f"{self.program.name}: a score in a visible cell is not finite", Verdict.NOT_FINITE)
        found = descend(lambda tried: self._values(self._scores(tried)), self._target, self._seen, weights)
        fits = []
        for values in reversed(found):
            if not torch.isfinite(values).all():
                raise ProgramFailed(f"{self.program.name}: a score's derivative is not finite", Verdict.NOT_FINITE)
            rounded = [float(f"{value:.3g}") for value in values.tolist()]
            fits.append(self.program.with_constants(dict(zip(self.program.constants, rounded, strict=True))))
        return fits

    def rounded(self, weights: Tensor) -> Program:
        """The program with constants in as few digits as change little; see :func:`round_weights`."""
        return self.program.with_constants(
            dict(zip(self.program.constants, round_weights(self.figures, weights), strict=True))
        )

    def _named(self, weights: Tensor) -> dict[str, Tensor]:
        return dict(zip(self.program.constants, weights, strict=True))

    def _scores(self, weights: Tensor) -> Tensor:
        self._check_time()
        return self._beside(scores(self.program, self._texts, self._named(weights)))

    def _beside(self, value: Tensor) -> Tensor:
        return value if self._offset is None else value + self._offset

    def _check_time(self) -> None:
        if time.monotonic() > self._deadline:
            reason = f"{self.program.name}: it takes over {FIT_SECONDS:g} s; write fewer constants or cheaper features"
            raise ProgramFailed(reason, Verdict.TIMED_OUT)

    def _values(self, value: Tensor) -> Tensor:
        """Scores of the rows, 0 where nothing is seen."""
        return self._rows(torch.where(self._visible, value, 0.0).clamp(min=_LOWEST))

    def _rows(self, cells: Tensor) -> Tensor:
        """The rows in which a query sees anything: (t, n, n) -> (rows, n)."""
        rows = cells.flatten(0, 1)
        return rows if self._seeing is None else rows[self._seeing]
