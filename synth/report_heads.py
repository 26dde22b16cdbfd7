"""What a report's page holds of one head, made from values that a worker process can be handed."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from evaluation.report.detail import Detail
from evaluation.report.heads import HeadContent, HeadText, head_value
from evaluation.report.packing import packed
from surrogates.errors import ProgramFailed
from surrogates.language.patterns import pattern
from surrogates.language.program import Program
from surrogates.language.vocabulary import FEATURES
from surrogates.library.candidates import Ceiling
from surrogates.library.heads import Head
from surrogates.library.ranking import Ranked
from synth.head_faithfulness import HeadFaithfulness, head_faithfulness
from synth.material import Batch, HeadData, Material

_TOLD = ("iou", "low", "high", "parts", "literals", "name", "hypothesis", "origin")
"""What the overview too says of the program that stands in."""
_FEATURES = {feature.name for feature in FEATURES}
_ENDS = 5
"""Texts that are named of the worst, and of the best."""


@dataclass(frozen=True)
class ReportedHead:
    """A head as the page holds it, and what the overview says of it.

    Attributes:
        packed: see :func:`evaluation.report.packing.packed`.
        row: what the overview says of the program that stands in.
        structure: of that program.
        texts: numbers of the texts whose patterns are held.
        ious: of what stands in, on each test text in order, shape (texts,).
        baselines: mean IoU of the patterns that explain nothing.
        sizes: of each ranked program its parts (None of a scripted one), literals and test IoU; best validation IoU
            first.
    """

    packed: str
    row: Mapping[str, Any]
    structure: str
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
    ious = {text.number: text.iou for text in faithful.texts}
    own = [faithful.texts[0].number, faithful.texts[-1].number] if detail.own else []
    numbers = tuple(dict.fromkeys([*shown_texts(material, detail), *own]))
    content = HeadContent(
        str(head),
        material.windows[head.layer],
        [program_value(entry) for entry in ranked],
        [head_text(data, ranked, number, ious[number]) for number in numbers],
        _faithful_value(faithful),
    )
    return ReportedHead(
        packed(head_value(content, detail)),
        _row(surrogate),
        surrogate.program.structure,
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


def program_value(entry: Ranked) -> dict[str, Any]:
    """A program as the page has it."""
    program, scores = entry.program, entry.scores
    return {
        "name": entry.name,
        "source": program.source,
        "hypothesis": program.hypothesis,
        "kind": program.kind,
        "parts": parts_of(program),
        "literals": program.literals,
        "origin": entry.candidate.found_by,
        "stands_in": entry.stands_in,
        "iou": scores.iou,
        "low": scores.iou_low,
        "high": scores.iou_high,
        "cross_entropy": scores.cross_entropy,
        "jsd": scores.jsd,
    }


def head_text(data: HeadData, ranked: Sequence[Ranked], number: int, iou: float) -> HeadText:
    """Patterns on a text: the head's and those of its scripted programs, or why one fails there."""
    (batch,) = data.batches([number])
    scripted = {
        entry.name: _pattern_or_reason(entry.program, batch) for entry in ranked if entry.program.kind == "scripted"
    }
    return HeadText(number, iou, batch.visible[0].numpy(), batch.target[0].numpy(), scripted)


def _pattern_or_reason(program: Program, batch: Batch) -> np.ndarray | str:
    try:
        return pattern(program, batch.texts, batch.visible)[0].numpy()
    except ProgramFailed as error:
        return str(error)


def _row(entry: Ranked) -> dict[str, Any]:
    program, value = entry.program, program_value(entry)
    return {
        **{name: value[name] for name in _TOLD},
        "families": list(program.families),
        "features": _features(program),
        "words": _words(program),
    }


def _features(program: Program) -> list[str]:
    """Names of the vocabulary's features in it, those with arguments and classes with a weight among them."""
    attributes = {node.attr for node in ast.walk(ast.parse(program.source)) if isinstance(node, ast.Attribute)}
    return sorted((attributes | {name for _, name in program.features}) & _FEATURES)


def _words(program: Program) -> list[str]:
    """Strings that it names, docstrings aside, and its clusters."""
    nodes = list(ast.walk(ast.parse(program.source)))
    documented = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    strings = [
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented
    ]
    return list(dict.fromkeys([*strings, *sorted(program.cluster_names)]))


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
        "worst": texts[:_ENDS],
        "best": texts[: -_ENDS - 1 : -1],
    }
