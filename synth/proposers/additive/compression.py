"""From dense additive models to few parts with few words: values are taken out in the order of what they are worth.

Whatever is taken out, all that is left is fitted on. The smallest programs come last, so each is fitted from the next
larger one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from surrogates.language.vocabulary import MAX_WORDS
from synth.proposers.additive.model import Chosen, Model
from synth.proposers.additive.parts import interpolated
from synth.proposers.additive.training import STEP_ROWS, Training

_SHRINKING = ((22, 128, 30), (18, 64, 30), (15, 40, 30), (11, 40, 25), (8, 40, 25), (6, 40, 25))
"""Parts, words a table and steps on the way to the largest programs: at once, parts that say nearly the same would all
go, each being worth little beside the others."""
_FULL_STEPS = 80
"""Of the largest programs. What is left of heads that are to be alike is not what each would have kept, and takes twice
as many."""
_FULL = 75
"""Literals for each part of the largest programs."""
_MOST_LITERALS = 900
"""However many parts there are."""
_READABLE = 10
"""Literals for each part of a program that is short enough to be read at a glance."""
_BETWEEN = 30
"""The same of one between these and the largest."""
_RATE = 0.075
_FEW_KNOTS = 5
_STEPS = 40
"""Of each readable program; where all parts are still there and most words go, twice as many."""
_ROWS = 24
_OVERLAP = 0.6
"""Share of the total variation in the objective where both overlap and cross-entropy should be good."""
_WORD, _CLASS, _KNOT = 2, 1, 2
"""Literals of each."""


@dataclass(frozen=True)
class Draft:
    """What is left of h models, and its values, on the CPU.

    Attributes:
        worth: of each part, nats a row, (h, parts).
    """

    chosen: Chosen
    curves: tuple[Tensor, ...]
    masks: Tensor
    words: Tensor
    classes: Tensor
    worth: Tensor

    @classmethod
    def copied(cls, model: Model, worth: Tensor) -> "Draft":
        """What a model holds now."""
        chosen = model.chosen
        return cls(
            Chosen(_copy(chosen.parts), _copy(chosen.words), _copy(chosen.classes), tuple(map(_copy, chosen.knots))),
            tuple(_copy(model.curve_values(place)) for place in range(len(model.curves))),
            _copy(model.masks), _copy(model.words), _copy(model.classes), _copy(worth),
        )  # fmt: skip

    def of(self, heads: list[int]) -> "Draft":
        """The draft of some of the models alone."""
        chosen = self.chosen
        return Draft(
            Chosen(
                chosen.parts[heads], chosen.words[:, heads], chosen.classes[:, heads],
                tuple(matrix[heads] for matrix in chosen.knots),
            ),
            tuple(values[heads] for values in self.curves),
            self.masks[heads], self.words[:, heads], self.classes[:, heads], self.worth[heads],
        )  # fmt: skip


class Compression:
    """Takes parts, words, classes and knots out of models that were fitted with all of them.

    Args:
        training: of the models.
        most: parts of the largest programs.
        alike: numbers of heads of which the same is left, by what it is worth to them on average; by default each is
            for itself. Otherwise each head is in one of the lists.
    """

    def __init__(self, training: Training, most: int, alike: Sequence[list[int]] = ()) -> None:
        self._training = training
        self._model = training.model
        self._most = most
        self._alike = alike
        self._worth = training.worth_of_parts()

    @property
    def shares(self) -> Tensor:
        """How much of what the models explain each part carries, (h, parts); those of a head add up to one."""
        worth = self._worth.clamp(min=0)
        return worth / worth.sum(1, keepdim=True).clamp(min=1e-9)

    def largest(self) -> Iterator[Draft]:
        """Drafts of the most parts: fitted to cross-entropy, then to overlap too."""
        for parts, words, steps in _SHRINKING:
            if parts > self._most:
                self._shrink(parts, words=words)
                self._fit(steps, 0.01)
        self._shrink(self._most, literals=_FULL * self._most)
        steps = 2 * _FULL_STEPS if self._alike else _FULL_STEPS
        self._fit(steps, 0.001)
        yield Draft.copied(self._model, self._worth)
        self._fit(steps // 2, 0.001, _OVERLAP)
        yield Draft.copied(self._model, self._worth)

    def smaller(self) -> Iterator[Draft]:
        """Drafts that are shorter and shorter, down to one part."""
        most = self._most
        self._shrink(most, literals=_BETWEEN * most)
        self._fit(_FULL_STEPS // 2, 0.001, _OVERLAP)
        yield Draft.copied(self._model, self._worth)
        for curve in range(len(self._model.curves)):
            self._drop_knots(curve, _FEW_KNOTS)
        self._shrink(most, literals=2 * _READABLE * most)  # at once, what is left could not take over what goes
        self._fit(2 * _STEPS, 0.01, _OVERLAP, _ROWS)
        for parts in (most, *range(most - 2, 6, -2), *range(min(most - 1, 6), 0, -1)):
            self._shrink(parts, literals=_READABLE * parts)
            self._fit(2 * _STEPS if parts == most else _STEPS, 0.001, _OVERLAP, _ROWS)
            yield Draft.copied(self._model, self._worth)

    def _fit(self, steps: int, last: float, overlap: float = 0.0, rows: int = STEP_ROWS) -> None:
        self._training.run(steps, _RATE, last, overlap, rows)
        self._worth = self._training.worth_of_parts()

    @torch.no_grad()
    def _shrink(self, parts: int, *, words: int = MAX_WORDS, literals: int | None = None) -> None:
        """Leave the parts that are worth most, and of these the words and classes that are.

        Args:
            parts: most parts of a head.
            words: most words of a table.
            literals: most of a head, as far as words and classes can be left out; no limit by default.
        """
        training, model, chosen = self._training, self._model, self._model.chosen
        of_parts = self._worth
        if self._alike:
            # What some heads need most counts more than what all need a little.
            of_parts = self._averaged(self.shares[None] ** 2)[0]
        model.chosen = replace(chosen, parts=_highest(of_parts, parts) * chosen.parts)
        left = model.chosen.of(model.family)
        of_words = training.worth_of_values(model.words) * chosen.words * left
        of_classes = training.worth_of_values(model.classes) * chosen.classes * left
        if self._alike:
            total = (of_words.sum((0, 2)) + of_classes.sum((0, 2))).clamp(min=1e-30)[:, None]
            of_words = self._averaged((of_words / total) ** 2).sqrt()
            of_classes = self._averaged((of_classes / total) ** 2).sqrt()
        if words < len(of_words):
            of_words = of_words * (of_words >= of_words.topk(words, 0).values[-1])
        # What is worth most for its length, until the length is reached.
        worth = torch.cat([of_words / _WORD, of_classes / _CLASS]).transpose(0, 1).flatten(1)
        kept = (worth > 0).to(worth)
        if literals is not None:
            cost = torch.cat([torch.full_like(of_words, _WORD), torch.full_like(of_classes, _CLASS)])
            order = worth.argsort(dim=1, descending=True, stable=True)
            length = cost.transpose(0, 1).flatten(1).gather(1, order).cumsum(1)
            room = (min(literals, _MOST_LITERALS) - self._other_literals()).clamp(min=0)
            kept *= torch.zeros_like(worth).scatter(1, order, (length <= room[:, None]).to(worth))
        kept = kept.view(model.heads, -1, left.shape[1]).transpose(0, 1)
        model.chosen = replace(model.chosen, words=kept[: len(of_words)], classes=kept[len(of_words) :])

    def _averaged(self, values: Tensor) -> Tensor:
        """Values of heads, (…, h, N), with those of heads that are alike replaced by their mean."""
        found = values.clone()
        for heads in self._alike:
            found[:, heads] = values[:, heads].mean(1, keepdim=True)
        return found

    def _other_literals(self) -> Tensor:
        """Of each head those of curves and masks, (h,)."""
        parts, knots = self._model.chosen.parts, self._model.chosen.knots
        counts = [_KNOT * parts[:, place] * (matrix.abs().sum(1) > 0).sum(1) for place, matrix in enumerate(knots)]
        first = len(knots)
        return sum(counts, parts[:, first : first + len(self._model.family.masks)].sum(1))

    @torch.no_grad()
    def _drop_knots(self, place: int, most: int) -> None:
        """Leave a curve's knots without which it would change most, as far as its gradients tell."""
        model = self._model
        knots = model.family.knots[place]
        matrices = []
        # One number after the other is looked at here, which another device would be slow to give.
        values, curvature = model.curve_values(place).cpu(), self._training.curvature(model.curves[place]).cpu()
        for own, heavy in zip(values, curvature, strict=True):
            kept = [True] * len(knots)
            while sum(kept) > most:
                costs = {}
                for out in range(len(knots)):
                    if kept[out]:
                        fewer = tuple(keep and knot != out for knot, keep in enumerate(kept))
                        costs[out] = float((heavy * (interpolated(knots, fewer).to(own) @ own - own) ** 2).sum())
                kept[min(costs, key=lambda out: costs[out])] = False
            matrices.append(interpolated(knots, tuple(kept)))
        model.curves[place].copy_(model.curve_values(place))
        left = list(model.chosen.knots)
        left[place] = torch.stack(matrices).to(model.curves[place])
        model.chosen = replace(model.chosen, knots=tuple(left))


def _copy(values: Tensor) -> Tensor:
    return values.detach().to("cpu", copy=True)


def _highest(worth: Tensor, most: int) -> Tensor:
    """Mask of the ``most`` greatest of each row."""
    if most >= worth.shape[1]:
        return torch.ones_like(worth)
    return torch.zeros_like(worth).scatter(1, worth.topk(most, 1).indices, 1.0)
