"""Writes a head's draft as a program: values rounded, parts in the order of their worth, a hypothesis in words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from surrogates.language.program import format_constant
from surrogates.library.candidates import label_of
from synth.proposers.additive.compression import Draft
from synth.proposers.additive.parts import EVERYWHERE, FIRST, Curve, Family, Mask, Pairing
from synth.proposers.additive.phrases import Written, hypothesis, name_of
from synth.proposers.layout import layout, repr_string

_DIGITS = 2
"""After the decimal point: a hundredth of a nat moves no weight by more than a hundredth of itself."""


@dataclass(frozen=True)
class Table:
    """Word weights of one side: words with a weight of their own, and those of classes, heaviest first."""

    words: dict[str, float]
    classes: dict[str, float]

    def written(self, token: str) -> str:
        words = ", ".join(f"{repr_string(word)}: {format_constant(value)}" for word, value in self.words.items())
        classes = "".join(f", {name}={format_constant(value)}" for name, value in self.classes.items())
        return f"weights({token}, {{{words}}}{classes})"

    @property
    def heaviest(self) -> float:
        """The weight that is farthest from zero; zero where there is none."""
        return max((*self.words.values(), *self.classes.values()), key=abs, default=0.0)

    def changed(self, change: Callable[[float], float]) -> "Table":
        return Table(*({name: change(value) for name, value in own.items()} for own in (self.words, self.classes)))

    def without_zeros(self) -> "Table":
        return Table(*({name: value for name, value in own.items() if value} for own in (self.words, self.classes)))


def write_draft(
    family: Family, words: Sequence[str], class_names: Sequence[str], draft: Draft, *, alike: bool = False
) -> list[tuple[str, str]]:
    """Label and source of the program of each head.

    Args:
        words: the strings that the draft's words stand for.
        class_names: the classes of words likewise.
        alike: whether all should have one structure; the same of each head's model must be left.
    """
    writer = _Writer(family, words, class_names, draft, alike)
    return [writer.program(head) for head in range(len(draft.masks))]


class _Writer:
    def __init__(
        self, family: Family, words: Sequence[str], class_names: Sequence[str], draft: Draft, alike: bool
    ) -> None:
        self.family, self.words, self.class_names, self.draft, self.alike = family, words, class_names, draft, alike

    def program(self, head: int) -> tuple[str, str]:
        draft = self.draft
        worth = draft.worth.clamp(min=0)
        shares = worth / worth.sum(1, keepdim=True).clamp(min=1e-9)
        order = (shares.mean(0) if self.alike else shares[head]).argsort(descending=True, stable=True).tolist()
        found = [(place, self.part(head, place)) for place in order if draft.chosen.parts[head, place]]
        left = [(place, part) for place, part in found if part is not None]
        parts = [part for _, part in left] or [_nothing()]
        constants = {part.constant: part.value for part in parts if part.constant}
        told = sorted(left, key=lambda item: -float(shares[head, item[0]]))
        says = hypothesis([part for _, part in told], [float(shares[head, place]) for place, _ in told])
        label = label_of("_and_".join(dict.fromkeys(name_of(part) for part in parts[:2])))
        return label, layout(constants, says, [part.source for part in parts])

    def part(self, head: int, place: int) -> Written | None:
        """A part as it is written; None if rounding leaves nothing of it."""
        part = self.family.parts[place]
        if isinstance(part, Curve):
            return self.curve(head, place, part)
        if isinstance(part, Mask):
            return self.mask(head, place - len(self.family.curves), part)
        tables = [self.table(head, table) for table, owner in enumerate(self.family.owners) if owner == place]
        if isinstance(part, Pairing):
            # The factor that one side may give to the other is such that the query's weights reach from -1 to 1.
            scale = tables[0].heaviest or 1.0
            tables = [tables[0].changed(lambda value: value / scale), tables[1].changed(lambda value: value * scale)]
        tables = [table.changed(lambda value: round(value, _DIGITS)) for table in tables]
        if not self.alike:
            tables = [table.without_zeros() for table in tables]
        if not all(table.words or table.classes for table in tables):
            return None
        if isinstance(part, Pairing):
            return Written(part, " * ".join(t.written(side) for t, side in zip(tables, ("query", "key"), strict=True)),
                           tables=tuple(tables))  # fmt: skip
        times = f" * {part.cells}" if part.cells else ""
        return Written(part, f"{tables[0].written(part.token)}{times}", tables=tuple(tables))

    def curve(self, head: int, place: int, part: Curve) -> Written | None:
        values, left = self.draft.curves[place][head], self.draft.chosen.knots[place][head].abs().sum(0) > 0
        knots = {self.family.knots[place][k]: float(values[k]) for k in torch.nonzero(left)[:, 0].tolist()}
        if part.cells == EVERYWHERE:  # what is the same in all cells says nothing: the far end is at zero
            end = knots[max(knots, key=abs)]
            knots = {knot: value - end for knot, value in knots.items()}
        knots = {knot: round(value, _DIGITS) for knot, value in knots.items()}
        if not any(knots.values()) and not self.alike:
            return None
        text = ", ".join(f"{knot}: {format_constant(value)}" for knot, value in knots.items())
        times = f" * {part.cells}" if part.cells else ""
        return Written(part, f"curve({part.number}, {{{text}}}){times}", curve=knots)

    def mask(self, head: int, number: int, part: Mask) -> Written | None:
        value = round(float(self.draft.masks[head, number]), _DIGITS)
        if not value and not self.alike:
            return None
        constant = name_of(Written(part, ""))
        expression = f"({part.expression})" if " & " in part.expression else part.expression
        return Written(part, f"{constant} * {expression}", constant=constant, value=value)

    def table(self, head: int, place: int) -> Table:
        draft, chosen = self.draft, self.draft.chosen

        def listed(names: Sequence[str], values: torch.Tensor, left: torch.Tensor) -> dict[str, float]:
            weights = values.abs().mean(1) if self.alike else values[:, head].abs()
            order = weights.argsort(descending=True, stable=True).tolist()
            own, there = values[:, head].tolist(), left[:, head].tolist()
            return {names[k]: own[k] for k in order if there[k]}

        return Table(
            listed(self.words, draft.words[:-1, :, place], chosen.words[:-1, :, place]),
            listed(self.class_names, draft.classes[..., place], chosen.classes[..., place]),
        )


def _nothing() -> Written:
    """In the place of no part at all, where every key is attended to alike."""
    return Written(Mask(FIRST), f"first * {FIRST}", constant="first")
