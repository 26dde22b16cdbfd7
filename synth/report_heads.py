"""What a report's page holds of one head, made from values that a worker process can be handed."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from evaluation.faithfulness import Figures
from evaluation.report.detail import Detail
from evaluation.report.packing import packed
from evaluation.report.patterns import coded, row_sums
from surrogates.language.program import Program
from surrogates.library.candidates import Ceiling
from surrogates.library.heads import Head
from surrogates.library.ranking import Ranked
from synth.fitting.scoring import pattern_or_nothing
from synth.head_faithfulness import HeadFaithfulness, head_faithfulness
from synth.material import Batch, HeadData, Material

ENDS = 5
"""Texts that are named of the worst, and of the best."""


@dataclass(frozen=True)
class ReportedHead:
    """A head as the page holds it, and what the overview says of it.

    Attributes:
        packed: see :func:`evaluation.report.packing.packed`.
        texts: numbers of the texts whose patterns are held.
        ious: of what stands in, on each test text in order, shape (texts,).
        baselines: mean IoU of the patterns that explain nothing.
        sizes: of each ranked program its parts (None of a scripted one), literals and test IoU; best validation IoU
            first.
    """

    packed: str
    texts: tuple[int, ...]
    ious: np.ndarray
    baselines: Mapping[str, float]
    sizes: Sequence[tuple[int | None, int, float]]


def reported_head(
    material: Material,
    begin: Sequence[str],
    detail: Detail,
    head: Head,
    ranked: Sequence[Ranked],
    ceiling: Ceiling | None,
) -> ReportedHead:
    """A head that has a program.

    Args:
        material: of the run.
        begin: how each text of the run begins.
        detail: how much is held.
        head: which.
        ranked: its programs, best validation IoU first.
        ceiling: its own, where that is known.
    """
    data = HeadData(material, head)
    surrogate = next(entry for entry in ranked if entry.stands_in)
    faithful = head_faithfulness(data, surrogate.program, ceiling, begin)
    own = [faithful.texts[0].number, faithful.texts[-1].number] if detail.own else []
    numbers = tuple(dict.fromkeys([*shown_texts(material, detail), *own]))
    held = held_programs(ranked, detail)
    ious = {text.number: text.iou for text in faithful.texts}
    value = {
        "head": str(head),
        "window": material.windows[head.layer],
        **programs_value(held),
        "texts": [
            {"number": number, "iou": ious[number], **patterns_value(data, held, number, detail)} for number in numbers
        ],
        "faithful": _faithful_value(faithful),
    }
    return ReportedHead(
        packed(value),
        numbers,
        np.array([ious[number] for number in material.splits["test"]]),
        {name: figures.iou.mean for name, figures in faithful.baselines.items()},
        [(parts_of(entry.program), entry.program.literals, entry.scores.iou) for entry in ranked],
    )


def shown_texts(material: Material, detail: Detail) -> tuple[int, ...]:
    """Numbers of the texts that every head has: the first test texts."""
    return material.splits["test"][: detail.texts]


def parts_of(program: Program) -> int | None:
    """How many parts a program has; None of a scripted one, which has none that could be drawn."""
    return None if program.kind == "scripted" else program.parts


def held_programs(ranked: Sequence[Ranked], detail: Detail) -> Sequence[Ranked]:
    """Those that the page holds, in their order.

    Where they are too many: the one that stands in, the best of one part, and the front, evenly between its ends.
    """
    if detail.programs is None or len(ranked) <= detail.programs:
        return ranked
    single = next((place for place, entry in enumerate(ranked) if parts_of(entry.program) == 1), None)
    chosen = {place for place, entry in enumerate(ranked) if entry.stands_in} | ({single} - {None})
    others = [place for place in front(ranked) if place not in chosen]
    room = min(detail.programs - len(chosen), len(others))
    chosen |= {others[int(place)] for place in np.linspace(0, len(others) - 1, room).round()}
    return [entry for place, entry in enumerate(ranked) if place in chosen]


def front(ranked: Sequence[Ranked]) -> list[int]:
    """Places of the programs that none of fewer literals, or as many, equals in validation IoU; fewest literals first.

    Args:
        ranked: best validation IoU first.
    """
    found: list[int] = []
    for place, entry in enumerate(ranked):
        if not found or entry.program.literals < ranked[found[-1]].program.literals:
            found.append(place)
    return found[::-1]


def programs_value(ranked: Sequence[Ranked]) -> dict[str, Any]:
    """The programs as the page has them, and their front."""
    programs = [
        {
            "name": entry.name,
            "source": entry.program.source,
            "hypothesis": entry.program.hypothesis,
            "kind": entry.program.kind,
            "parts": parts_of(entry.program),
            "literals": entry.program.literals,
            "origin": entry.candidate.found_by,
            "stands_in": entry.stands_in,
            "validation_iou": entry.scores.validation_iou,
            "iou": entry.scores.iou,
            "low": entry.scores.iou_low,
            "high": entry.scores.iou_high,
            "cross_entropy": entry.scores.cross_entropy,
            "jsd": entry.scores.jsd,
        }
        for entry in ranked
    ]
    return {"programs": programs, "front": front(ranked)}


def patterns_value(data: HeadData, ranked: Sequence[Ranked], number: int, detail: Detail) -> dict[str, Any]:
    """The head's pattern on a text, and those of its scripted programs, which the page cannot evaluate."""
    (batch,) = data.batches([number])
    cut = slice(detail.tokens)
    visible = batch.visible[0, cut, cut].numpy()

    def code(pattern: Any) -> np.ndarray:
        return coded(pattern[0, cut, cut].numpy(), visible, detail.levels)

    scripted = [entry for entry in ranked if entry.program.kind == "scripted"]
    return {
        "pattern": code(batch.target),
        "mass": row_sums(batch.target[0, cut, cut].numpy()),
        "scripted": {entry.name: code(pattern_or_nothing(entry.program, batch)) for entry in scripted},
    }


def _faithful_value(found: HeadFaithfulness) -> dict[str, Any]:
    texts = [asdict(text) for text in found.texts]
    return {
        "overall": asdict(found.overall),
        "baselines": {name: asdict(figures) for name, figures in found.baselines.items()},
        "ceiling": found.ceiling,
        "failed": found.failed,
        "classes": [
            {"name": own.name, "queries": own.queries, "texts": own.texts, **asdict(own.figures)}
            for own in found.classes
        ],
        "distances": [asdict(own) for own in found.distances],
        "worst": texts[:ENDS],
        "best": texts[:-ENDS - 1:-1],
    }
