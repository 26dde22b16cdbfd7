"""The tables in which a terminal and a notebook show how faithful a program is."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from evaluation.faithfulness import ClassFigures, DistanceFigures, Figures, QueryFigures, TopKey
from evaluation.intervals import Interval
from synth.console import Column

if TYPE_CHECKING:
    from synth.head_faithfulness import HeadFaithfulness, TextFigures

SHOWN_TEXTS = 3
"""Texts that are shown of the worst, and of the best."""


class Table(NamedTuple):
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]


def tables_of(found: "HeadFaithfulness") -> list[Table]:
    """What is found of a program, the most telling first."""
    return [
        Table(
            f"Faithfulness of what stands in on {len(found.texts)} test texts, beside what explains nothing"
            + (f"; it failed on {found.failed} of them, where it counts as attending to nothing" * (found.failed > 0)),
            [("pattern", "name"), ("IoU", "figure"), ("95 %", "figure"), ("cross-\nentropy", "figure"),
             ("95 %", "figure"), ("JSD", "figure"), ("95 %", "figure")],
            _overall(found),
        ),
        Table(
            "By class of the query; one may be in several",
            [("query", "name"), ("queries", "figure"), ("IoU", "figure"), ("95 %", "figure"),
             ("cross-\nentropy", "figure"), ("JSD", "figure")],
            [_class(own) for own in found.classes],
        ),
        Table(
            "By distance, in tokens back from the query: shares of attention, and how far these overlap",
            [("distance", "name"), ("head", "figure"), ("program", "figure"), ("overlap", "figure"),
             ("95 %", "figure")],
            [_distance(own) for own in found.distances],
        ),
        Table(
            "Worst and best texts",
            [("text", "figure"), ("IoU", "figure"), ("beginning", "text")],
            [_text(own) for own in _ends(found.texts)],
        ),
        *_worst(found),
    ]  # fmt: skip


def _figures(found: Figures) -> list[str]:
    return [cell for own in (found.iou, found.cross_entropy, found.jsd) for cell in _interval(own)]


def _interval(found: Interval) -> tuple[str, str]:
    return f"{found.mean:.3f}", f"{found.low:.3f}–{found.high:.3f}"


def _overall(found: "HeadFaithfulness") -> list[list[str]]:
    ceiling = [] if found.ceiling is None else [["ceiling", f"{found.ceiling:.3f}", *[""] * 5]]
    others = [[name, *_figures(own)] for name, own in found.baselines.items()]
    return [["program", *_figures(found.overall)], *ceiling, *others]


def _class(found: ClassFigures) -> list[str]:
    own = found.figures
    return [
        found.name, f"{found.queries:,}", *_interval(own.iou), f"{own.cross_entropy.mean:.3f}", f"{own.jsd.mean:.3f}"
    ]  # fmt: skip


def _distance(found: DistanceFigures) -> list[str]:
    nearest, farthest = found.nearest, found.farthest
    name = str(nearest) if nearest == farthest else f"{nearest} to {farthest}"
    overlap = ("", "") if found.overlap is None else _interval(found.overlap)
    return [name, f"{found.head:.3f}", f"{found.program:.3f}", *overlap]


def _ends(texts: "Sequence[TextFigures]") -> "Sequence[TextFigures]":
    """The worst texts and the best, worst first, none twice."""
    return [*texts[:SHOWN_TEXTS], *texts[SHOWN_TEXTS:][-SHOWN_TEXTS:]]


def _text(found: "TextFigures") -> list[str]:
    return [str(found.number), f"{found.iou:.3f}", " ".join(found.beginning.split())]


def _worst(found: "HeadFaithfulness") -> list[Table]:
    if not found.worst_queries:
        return []
    return [
        Table(
            f"Worst queries of text {found.texts[0].number}, and the key that each side attends to most",
            [("place", "figure"), ("query", "text"), ("IoU", "figure"), ("head", "text"), ("program", "text")],
            [_query(own) for own in found.worst_queries],
        )
    ]


def _query(found: QueryFigures) -> list[str]:
    return [str(found.place), _spelled(found.token), f"{found.iou:.3f}", _key(found.head), _key(found.program)]


def _key(found: TopKey) -> str:
    return f"{found.weight:.2f} at {found.place} {_spelled(found.token)}"


def _spelled(token: str) -> str:
    """Line breaks and the like as Python writes them."""
    return repr(token)[1:-1]
