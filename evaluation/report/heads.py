"""A head as the page has it: its programs, its patterns on some texts, and how faithful what stands in is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evaluation.report.detail import Detail

_ROUNDING = 1e-3
"""How far the sum of a row may be from one and still pass for it."""


@dataclass(frozen=True)
class HeadText:
    """A head's pattern on a text, and those of scripted programs, which the page cannot evaluate.

    Attributes:
        number: of the text in the run.
        iou: of the program that stands in.
        visible: which cells a query may see, shape (n, n).
        pattern: the head's, of the same shape.
        scripted: by the program's name, of the same shape; or why the program fails there.
    """

    number: int
    iou: float
    visible: np.ndarray
    pattern: np.ndarray
    scripted: Mapping[str, np.ndarray | str] = field(default_factory=dict)


@dataclass(frozen=True)
class HeadContent:
    """All that a page may hold of a head.

    Attributes:
        head: its name, such as L3H7.
        window: its sliding window, if any.
        programs: best validation IoU first; each with its ``name``, ``source``, ``parts``, ``literals``, ``stands_in``,
            and figures.
        texts: those that every head has, then its own.
        faithful: figures of the program that stands in.
    """

    head: str
    window: int | None
    programs: Sequence[Mapping[str, Any]]
    texts: Sequence[HeadText]
    faithful: Mapping[str, Any]


def head_value(content: HeadContent, detail: Detail) -> dict[str, Any]:
    """What the page has of a head; the texts are all that are given."""
    programs = held_programs(content.programs, detail.programs)
    return {
        "head": content.head,
        "window": content.window,
        "programs": _shortened(programs),
        "front": front(programs),
        "texts": [_text_value(text, {program["name"] for program in programs}, detail) for text in content.texts],
        "faithful": _shortened(content.faithful),
    }


def _shortened(value: Any) -> Any:
    """A value in which every figure has five digits, a third of its length."""
    if isinstance(value, Mapping):
        return {name: _shortened(own) for name, own in value.items()}
    if isinstance(value, list | tuple):
        return [_shortened(own) for own in value]
    return float(f"{value:.5g}") if isinstance(value, float) else value


def held_programs(programs: Sequence[Mapping[str, Any]], most: int | None) -> list[Mapping[str, Any]]:
    """So many of a head's programs at most, in their order; all where it is None.

    They are the one that stands in, the best of one part, and others of the front, evenly between its ends.
    """
    if most is None or len(programs) <= most:
        return list(programs)
    chosen = {place for place, own in enumerate(programs) if own["stands_in"]}
    chosen |= set([place for place, own in enumerate(programs) if own["parts"] == 1][:1])
    others = [place for place in front(programs) if place not in chosen]
    room = min(most - len(chosen), len(others))
    chosen |= {others[int(place)] for place in np.linspace(0, len(others) - 1, room).round()}
    return [programs[place] for place in sorted(chosen)]


def front(programs: Sequence[Mapping[str, Any]]) -> list[int]:
    """Places of those that none of fewer literals, or as many, equals in validation IoU; fewest literals first.

    Args:
        programs: best validation IoU first.
    """
    found: list[int] = []
    for place, own in enumerate(programs):
        if not found or own["literals"] < programs[found[-1]]["literals"]:
            found.append(place)
    return found[::-1]


def _text_value(text: HeadText, names: set[str], detail: Detail) -> dict[str, Any]:
    cut = slice(detail.tokens)
    visible = text.visible[cut, cut]
    return {
        "number": text.number,
        "iou": text.iou,
        "pattern": _coded(text.pattern[cut, cut], visible, detail.levels),
        "mass": _mass(text.pattern[cut]),
        "scripted": {
            name: own if isinstance(own, str) else _coded(own[cut, cut], visible, detail.levels)
            for name, own in text.scripted.items()
            if name in names
        },
    }


def _coded(pattern: np.ndarray, visible: np.ndarray, levels: int) -> np.ndarray:
    """Each visible cell's weight p as round(sqrt(p) * levels), row by row: small weights are told apart."""
    return np.rint(np.sqrt(np.clip(pattern[visible], 0, 1)) * levels).astype(np.uint8)


def _mass(pattern: np.ndarray) -> np.ndarray | None:
    """What rows sum to, float32, shape (n,); None where all sum to one."""
    sums = pattern.sum(-1, dtype=np.float64)
    return None if (np.abs(sums - 1) <= _ROUNDING).all() else sums.astype(np.float32)
