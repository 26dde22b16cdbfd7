"""From dense additive models to few parts with few words: values are taken out in the order of what they are worth.

Whatever is taken out, all that is left is fitted on. The smallest programs come last, so each is fitted from the next
larger one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from surrogates.language.vocabulary import MAX_WORDS
from synth.proposers.additive.model import Chosen, Model
from synth.proposers.additive.parts import interpolated
from synth.proposers.additive.training import Training

DENSE_STEPS = 240
_SHRINKING = ((22, 128, 40), (18, 64, 40), (15, 40, 40))
"""Parts, words a table and steps on the way to the largest programs; more parts than these are never asked for."""
_FULL_STEPS = 80
_FULL = 50
"""Literals for each part of the largest programs."""
_MOST_LITERALS = 900
"""However many parts there are."""
_READABLE = 10
"""Literals for each part of a program that is short enough to be read at a glance."""
_BETWEEN = 30
"""The same of one between these and the largest."""
_FEW_KNOTS = 5
_STEPS = 30
_ROWS = 24
_OVERLAP = 0.6
"""Share of the total variation in the objective where both overlap and cross-entropy should be good."""
_WORD, _CLASS, _KNOT = 2, 1, 2
"""Literals of each."""


@dataclass(frozen=True)
class Draft:
    """What is left of h models, and its values.

    Attributes:
        worth: of each part, nats a row, (h, parts).
    """

    chosen: Chosen
    curves: tuple[Tensor, ...]
    masks: Tensor
    words: Tensor
    classes: Tensor
    worth: Tensor


def front(training: Training, most: int) -> Iterator[Draft]:
    """Drafts from the largest, of ``most`` parts, to those of one part.

    The model must have been fitted with all its parts.
    """
    model = training.model
    for parts, words, steps in _SHRINKING:
        if parts > most:
            _shrink(training, parts, words=words)
            training.run(steps, 0.02, 0.01)
    full, between = (min(each * most, _MOST_LITERALS) for each in (_FULL, _BETWEEN))
    _shrink(training, most, words=MAX_WORDS, literals=full)
    training.run(_FULL_STEPS, 0.02, 0.001)
    yield _draft(training)
    for literals in (full, between):
        if literals != full:
            _shrink(training, most, words=MAX_WORDS, literals=literals)
        training.run(_FULL_STEPS // 2, 0.01, 0.001, _OVERLAP)
        yield _draft(training)
    for place in range(len(model.curves)):
        _drop_knots(training, place, _FEW_KNOTS)
    for parts in range(most, 0, -1):
        if parts == most:  # on the way, not to lose what is fitted all at once
            _shrink(training, parts, words=MAX_WORDS, literals=2 * _READABLE * parts)
            training.run(_STEPS, 0.02, 0.01, _OVERLAP, _ROWS)
        _shrink(training, parts, words=MAX_WORDS, literals=_READABLE * parts)
        training.run(_STEPS, 0.02, 0.001, _OVERLAP, _ROWS)
        yield _draft(training)


def together(training: Training, most: int) -> Iterator[Draft]:
    """Drafts of ``most`` parts that differ between heads in their values alone: for cross-entropy, then for both."""
    for parts, words, steps in _SHRINKING:
        if parts > most:
            _shrink(training, parts, words=words, together=True)
            training.run(steps, 0.02, 0.01)
    _shrink(training, most, words=MAX_WORDS, literals=min(_FULL * most, _MOST_LITERALS), together=True)
    training.run(_FULL_STEPS, 0.02, 0.001)
    yield _draft(training)
    training.run(_FULL_STEPS // 2, 0.01, 0.001, _OVERLAP)
    yield _draft(training)


def _draft(training: Training) -> Draft:
    model = training.model
    return Draft(
        model.chosen,
        tuple(model.curve_values(place).detach().cpu() for place in range(len(model.curves))),
        model.masks.detach().cpu().clone(),
        model.words.detach().cpu().clone(),
        model.classes.detach().cpu().clone(),
        training.worth_of_parts().cpu(),
    )


@torch.no_grad()
def _shrink(training: Training, parts: int, *, words: int, literals: int | None = None, together: bool = False) -> None:
    """Leave each head's parts that are worth most, and of these the words and classes that are.

    Args:
        parts: most parts of a head.
        words: most words of a table.
        literals: most of a head, as far as words and classes can be left out; no limit by default.
        together: whether the same is left of all heads, by what it is worth to them on average.
    """
    model = training.model
    chosen = model.chosen
    of_parts = training.worth_of_parts()
    if together:
        of_parts = (of_parts / of_parts.sum(1, keepdim=True).clamp(min=1e-9)).mean(0).expand_as(of_parts)
    kept = _highest(of_parts, parts) * chosen.parts
    model.chosen = replace(chosen, parts=kept)
    left = model.chosen.of(model.family)
    of_words = training.worth_of_values(model.words) * chosen.words * left
    of_classes = training.worth_of_values(model.classes) * chosen.classes * left
    if together:
        total = (of_words.sum((0, 2)) + of_classes.sum((0, 2))).clamp(min=1e-30)[:, None]
        of_words, of_classes = (
            (found / total).mean(1, keepdim=True).expand_as(found) for found in (of_words, of_classes)
        )
    if words < len(of_words):
        of_words = of_words * (of_words >= of_words.topk(words, 0).values[-1])
    counted, grouped = (of_words > 0).to(left), (of_classes > 0).to(left)
    if literals is not None:
        # What is worth most for its length, until the length is reached.
        worth = torch.cat([of_words / _WORD, of_classes / _CLASS]).transpose(0, 1).flatten(1)
        cost = torch.cat([torch.full_like(of_words, _WORD), torch.full_like(of_classes, _CLASS)])
        cost = cost.transpose(0, 1).flatten(1)
        order = worth.argsort(dim=1, descending=True, stable=True)
        room = (literals - _other_literals(model)).clamp(min=0)
        fits = cost.gather(1, order).cumsum(1) <= room[:, None]
        kept_values = torch.zeros_like(worth).scatter(1, order, fits.to(worth)) * (worth > 0)
        kept_values = kept_values.view(model.heads, -1, left.shape[1]).transpose(0, 1)
        counted, grouped = kept_values[: len(of_words)], kept_values[len(of_words) :]
    model.chosen = replace(model.chosen, words=counted, classes=grouped)


def _other_literals(model: Model) -> Tensor:
    """Of each head those of curves and masks, (h,)."""
    parts, knots = model.chosen.parts, model.chosen.knots
    counts = [_KNOT * parts[:, place] * (matrix.abs().sum(1) > 0).sum(1) for place, matrix in enumerate(knots)]
    first = len(knots)
    return sum(counts, parts[:, first : first + len(model.family.masks)].sum(1))


def _highest(worth: Tensor, most: int) -> Tensor:
    """Mask of the ``most`` greatest of each row."""
    if most >= worth.shape[1]:
        return torch.ones_like(worth)
    return torch.zeros_like(worth).scatter(1, worth.topk(most, 1).indices, 1.0)


@torch.no_grad()
def _drop_knots(training: Training, place: int, most: int) -> None:
    """Leave a curve's knots without which it would change most, as far as its gradients tell."""
    model = training.model
    knots = model.family.knots[place]
    matrices = []
    for own, heavy in zip(model.curve_values(place), training.curvature(model.curves[place]), strict=True):
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
