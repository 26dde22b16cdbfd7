"""Writes a head's draft as a program: values rounded, parts in the order of their worth, a hypothesis in words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from surrogates.language.program import format_constant
from surrogates.library.candidates import label_of
from synth.proposers.additive.compression import Draft
from synth.proposers.additive.model import Chosen
from synth.proposers.additive.parts import (
    CLASSES,
    EVERYWHERE,
    Curve,
    Family,
    Mask,
    Pairing,
    Part,
)  # fmt: skip
from synth.proposers.additive.phrases import Written, hypothesis, name_of
from synth.proposers.source import layout, repr_string

_DIGITS = 2
"""After the decimal point: a hundredth of a nat moves no weight by more than a hundredth of itself."""


@dataclass(frozen=True)
class Table:
    """Word weights of one side: words with a weight of their own, and those of classes, heaviest first."""

    words: dict[str, float]
    classes: dict[str, float]

    def written(self, token: str) -> str:
        words = ", ".join(f"{repr_string(word)}: {_number(value)}" for word, value in self.words.items())
        classes = "".join(f", {name}={_number(value)}" for name, value in self.classes.items())
        return f"weights({token}, {{{words}}}{classes})"


def write_draft(family: Family, words: Sequence[str], draft: Draft) -> list[tuple[str, str]]:
    """Label and source of the program of each head.

    Args:
        words: the strings that the draft's words stand for.
    """
    writer = _Writer(family, words, draft)
    return [writer.program(head) for head in range(len(draft.masks))]


class _Writer:
    def __init__(self, family: Family, words: Sequence[str], draft: Draft) -> None:
        self.family, self.words, self.draft = family, words, draft
        chosen = draft.chosen
        self.chosen = Chosen(
            chosen.parts.cpu(), chosen.words.cpu(), chosen.classes.cpu(), tuple(m.cpu() for m in chosen.knots)
        )

    def program(self, head: int) -> tuple[str, str]:
        family, draft = self.family, self.draft
        worth = draft.worth[head].tolist()
        written = []
        for place, part in enumerate(family.parts):
            if self.chosen.parts[head, place]:
                found = self.part(head, place, part)
                if found is not None:
                    written.append((worth[place], found))
        written.sort(key=lambda item: -item[0])
        total = sum(max(value, 0.0) for value, _ in written) or 1.0
        parts = [found for _, found in written]
        shares = [max(value, 0.0) / total for value, _ in written]
        constants = {part.constant: part.value for part in parts if part.constant}
        summands = [part.source for part in parts]
        signature = "".join(f", {name}={_number(value)}" for name, value in constants.items())
        label = label_of("_and_".join(dict.fromkeys(name_of(part) for part in parts[:2])))
        source = layout(f"def attend(query, key, pair{signature}):", hypothesis(parts, shares), summands)
        return label, source

    def part(self, head: int, place: int, part: Part) -> Written | None:
        """A part as it is written; None if rounding leaves nothing of it."""
        family, draft = self.family, self.draft
        if isinstance(part, Curve):
            values = draft.curves[place][head]
            kept = [k for k in range(len(values)) if self.chosen.knots[place][head][:, k].abs().sum() > 0]
            knots = {family.knots[place][k]: float(values[k]) for k in kept}
            if part.cells == EVERYWHERE:  # what is the same in all cells says nothing: the far end is at zero
                end = knots[max(knots, key=abs)]
                knots = {knot: value - end for knot, value in knots.items()}
            knots = {knot: round(value, _DIGITS) for knot, value in knots.items()}
            if not any(knots.values()):
                return None
            text = ", ".join(f"{knot}: {_number(value)}" for knot, value in knots.items())
            if len(knots) == 1:  # of texts of two tokens
                return None
            times = f" * {part.cells}" if part.cells else ""
            return Written(part, f"curve({part.number}, {{{text}}}){times}", curve=knots)
        if isinstance(part, Mask):
            number = place - len(family.curves)
            value = round(float(draft.masks[head, number]), _DIGITS)
            if not value:
                return None
            constant = name_of(Written(part, ""))
            expression = f"({part.expression})" if " & " in part.expression else part.expression
            return Written(part, f"{constant} * {expression}", constant=constant, value=value)
        owners = [table for table, owner in enumerate(family.owners) if owner == place]
        tables = [self.table(head, table) for table in owners]
        if isinstance(part, Pairing):
            query, key = tables
            most = max((abs(v) for v in (*query.words.values(), *query.classes.values())), default=0.0)
            if not most:
                return None
            sign = most if max((*query.words.values(), *query.classes.values()), key=abs) > 0 else -most
            query, key = _rounded(_scaled(query, 1 / sign)), _rounded(_scaled(key, sign))
            if not (_any(query) and _any(key)):
                return None
            return Written(part, f"{query.written('query')} * {key.written('key')}", tables=(query, key))
        (table,) = (_rounded(found) for found in tables)
        if not _any(table):
            return None
        times = f" * {part.cells}" if part.cells else ""
        return Written(part, f"{table.written(part.token)}{times}", tables=(table,))

    def table(self, head: int, place: int) -> Table:
        draft, chosen = self.draft, self.chosen
        classes = draft.classes[:, head, place] * chosen.classes[:, head, place]
        kept = torch.nonzero(chosen.words[:-1, head, place])[:, 0].tolist()
        words = {self.words[k]: float(draft.words[k, head, place]) for k in kept}
        named = {CLASSES[k]: float(classes[k]) for k in torch.nonzero(chosen.classes[:, head, place])[:, 0].tolist()}
        return Table(_heaviest_first(words), _heaviest_first(named))


def _heaviest_first(values: dict[str, float]) -> dict[str, float]:
    return dict(sorted(values.items(), key=lambda item: -abs(item[1])))


def _any(table: Table) -> bool:
    return bool(table.words or table.classes)


def _scaled(table: Table, factor: float) -> Table:
    return _changed(table, lambda value: value * factor)


def _rounded(table: Table) -> Table:
    """With values as they are written, without those that are zero then."""
    found = _changed(table, lambda value: round(value, _DIGITS))
    return Table(*({name: value for name, value in own.items() if value} for own in (found.words, found.classes)))


def _changed(table: Table, change: Callable[[float], float]) -> Table:
    return Table(
        {word: change(value) for word, value in table.words.items()},
        {name: change(value) for name, value in table.classes.items()},
    )


def _number(value: float) -> str:
    return format_constant(value)
