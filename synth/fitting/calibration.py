"""Tunes the constants of all programs that stand in for heads together, in the running model.

Fitted one by one, each program is as near as it can be to its head. What the model predicts with all of them in place
depends on what their errors do to one another, and on which of them matter. So all constants follow the gradient of
what is sought: the divergence of the patched model's predictions from those of the model as it is.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import PreTrainedModel

from sandbox.verdicts import Verdict
from surrogates.errors import ProgramFailed
from surrogates.language.features import Texts
from surrogates.language.patterns import check_finite, failing, normalise
from surrogates.language.program import Program
from surrogates.library.heads import Head
from surrogates.running.assignment import Assignment, Recorded
from surrogates.running.patching import patch, token_table
from synth.fitting.text_batches import TextBatch, text_batches
from synth.models import LoadedModel
from synth.shards import visible_cells

_RATE = 0.01
_AVERAGED = 0.98
"""What is kept of the average over steps at each; single steps follow the few texts of a batch."""
_ROUNDS = 6
"""Times that validation texts are looked at, at most."""
_STEPS = 50
"""Least steps in a round: few texts are gone through several times."""
_GAIN = 0.005
"""Share of the divergence on validation texts that a round must take off for another one to follow."""


@dataclass(frozen=True)
class Calibrated:
    """Programs with constants tuned together.

    Attributes:
        programs: by head; as they were where nothing was gained.
        before: divergence on validation texts, nats a predicted token.
        after: the same after tuning.
        epochs: how often all texts were gone through.
    """

    programs: dict[Head, Program]
    before: float
    after: float
    epochs: int


def is_tuned(program: Program) -> bool:
    """Whether it has constants that gradients reach; a scripted program keeps its own."""
    return program.kind == "vectorised" and bool(program.constants)


def tune_together(
    loaded: LoadedModel,
    programs: Mapping[Head, Program],
    train: Sequence[Sequence[int]],
    validation: Sequence[Sequence[int]],
    seed: int,
    progress: Callable[[int, int, str], None],
) -> Calibrated:
    """Constants of least divergence: Adam on training texts, until validation texts gain no more.

    Args:
        loaded: a causal language model, in evaluation mode.
        programs: what stands in for heads.
        train: token ids of texts of two tokens or more; ``validation`` likewise.
        seed: of the order of the texts.
        progress: told the batches done, how many there are at most, and the divergence so far.

    Raises:
        ProgramFailed: a program fails on a text, or a derivative is not finite.
    """
    chosen = {head: program for head, program in programs.items() if is_tuned(program)}
    draw = random.Random(seed)
    texts = list(train)
    draw.shuffle(texts)
    batches = list(text_batches(loaded.model, texts))
    checked = list(text_batches(loaded.model, validation))
    patched = _Patched(loaded, programs, chosen)
    constants = [value for program in chosen.values() for value in program.constants.values()]
    start = torch.tensor(constants, device=loaded.model.device)
    with _frozen(loaded.model), torch.enable_grad():
        before = best = patched.mean(start, checked)
        weights, average, found = start.clone().requires_grad_(), start.clone(), start
        passes = -(-_STEPS // len(batches))
        most = _ROUNDS * passes * len(batches)
        steps, gains = 0, bool(chosen)
        adam = torch.optim.Adam([weights], lr=_RATE)
        while gains and steps < most:
            for batch in _in_turn(batches, passes, draw):
                loss = patched.divergence(weights, batch) / batch.predicted
                # Programs may make nothing of their constants, which then have no gradient.
                (weights.grad,) = torch.autograd.grad(loss + 0.0 * weights.sum(), weights)
                patched.check_slopes(weights.grad)
                adam.step()
                steps += 1
                # Early on the average is that of all steps so far.
                average.lerp_(weights.detach(), max(1 - _AVERAGED, 1 / (steps + 1)))
                progress(steps, most, f"validation KL {before:.4f}, now {best:.4f}")
            after = patched.mean(average, checked)
            gains = after < (1 - _GAIN) * best
            if after < best:
                found, best = average.clone(), after
    progress(steps, steps, f"validation KL {before:.4f}, now {best:.4f}")
    return Calibrated(
        {**programs, **(patched.programs(found) if best < before else {})}, before, best, steps // len(batches)
    )


def _in_turn(batches: Sequence[TextBatch], passes: int, draw: random.Random) -> Iterator[TextBatch]:
    """All batches so many times, each time in another order."""
    for _ in range(passes):
        yield from draw.sample(batches, len(batches))


class _Patched:
    """A model with programs in place whose constants may be anything.

    Args:
        programs: all that stand in for heads.
        chosen: those whose constants are given at each pass, together in one tensor.
    """

    def __init__(self, loaded: LoadedModel, programs: Mapping[Head, Program], chosen: Mapping[Head, Program]) -> None:
        self._loaded = loaded
        self._chosen = chosen
        self._others: Assignment = {head: program for head, program in programs.items() if head not in chosen}
        self._table = token_table(loaded.model, loaded.tokenizer, list(programs.values()))
        self._sizes = [len(program.constants) for program in chosen.values()]

    def divergence(self, weights: Tensor, batch: TextBatch) -> Tensor:
        """Summed over the texts of a batch, nats, shape ()."""
        model = self._loaded.model
        with torch.no_grad():
            neural = batch.logits(model)
        patterns: Assignment = {head: Recorded(found) for head, found in self._patterns(weights, batch)}
        with patch(model, self._loaded.tokenizer, {**self._others, **patterns}, table=self._table):
            return batch.divergence(neural, batch.logits(model)).sum()

    @torch.no_grad()
    def mean(self, weights: Tensor, batches: Sequence[TextBatch]) -> float:
        """Of a predicted token."""
        total = sum(float(self.divergence(weights, batch)) for batch in batches)
        return total / sum(batch.predicted for batch in batches)

    def check_slopes(self, slopes: Tensor) -> None:
        """Raise if one is not finite, naming a program."""
        if torch.isfinite(slopes).all():
            return
        for program, own in zip(self._chosen.values(), slopes.split(self._sizes), strict=True):
            if not torch.isfinite(own).all():
                raise ProgramFailed(f"{program.name}: a score's derivative is not finite", Verdict.NOT_FINITE)

    def programs(self, weights: Tensor) -> dict[Head, Program]:
        """The programs with such constants, in three digits."""
        found = {}
        for (head, program), own in zip(self._chosen.items(), weights.split(self._sizes), strict=True):
            rounded = [float(f"{value:.3g}") for value in own.tolist()]
            found[head] = program.with_constants(dict(zip(program.constants, rounded, strict=True)))
        return found

    def _patterns(self, weights: Tensor, batch: TextBatch) -> Iterator[tuple[Head, Tensor]]:
        lengths = list(map(len, batch.lists))
        padding = None if len(set(lengths)) == 1 else batch.mask
        texts = Texts(batch.ids, self._table, mask=padding, causal=True)
        visible: dict[int | None, Tensor] = {}
        for (head, program), own in zip(self._chosen.items(), weights.split(self._sizes), strict=True):
            window = self._loaded.windows[head.layer]
            if window not in visible:
                visible[window] = self._visible(lengths, window)
            with failing(program):
                values = program.values.parted(own)
                scores = program.compiled["torch"](texts.query, texts.key, texts.pair, values)
                found = normalise(scores, visible[window], empty_rows=False)
            check_finite(program, found)
            yield head, found

    def _visible(self, lengths: Sequence[int], window: int | None) -> Tensor:
        visible = torch.from_numpy(visible_cells(lengths, True, window))
        # A row of nothing has no gradient; nothing is made of the rows of padding.
        visible[..., 0] |= ~visible.any(-1)
        return visible.to(self._loaded.model.device)


@contextmanager
def _frozen(model: PreTrainedModel) -> Iterator[None]:
    """Seek no gradients of the model's own weights meanwhile."""
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    for weight in trained:
        weight.requires_grad_(False)
    try:
        yield
    finally:
        for weight in trained:
            weight.requires_grad_()
