"""How faithful a program is, as ``headsynth inspect`` shows it of a head."""

from dataclasses import asdict
from typing import Any

from evaluation.faithfulness import Figures
from evaluation.intervals import Interval
from synth.console import Terminal
from synth.head_faithfulness import HeadFaithfulness


def print_faithfulness(console: Terminal, found: HeadFaithfulness) -> None:
    for table in found.tables:
        console.print(table.title)
        console.print_table(table.columns, table.rows)


def faithfulness_document(found: HeadFaithfulness) -> dict[str, Any]:
    """The figures for JSON; the ceiling stands elsewhere."""
    return {
        **_figures(found.overall),
        "failed_texts": found.failed,
        "baselines": {name: _figures(own) for name, own in found.baselines.items()},
        "classes": [
            {"class": own.name, "queries": own.queries, "texts": own.texts, **_figures(own.figures)}
            for own in found.classes
        ],
        "distances": [
            {"nearest": own.nearest, "farthest": own.farthest, "head": own.head, "program": own.program}
            | ({"overlap": None} if own.overlap is None else _interval("overlap", own.overlap))
            for own in found.distances
        ],
        "texts": [asdict(own) for own in found.texts],
        "worst_queries": [
            asdict(own) | {"head": own.head._asdict(), "program": own.program._asdict()} for own in found.worst_queries
        ],
    }


def _figures(found: Figures) -> dict[str, float]:
    named = {"iou": found.iou, "cross_entropy": found.cross_entropy, "jsd": found.jsd}
    return {key: value for name, own in named.items() for key, value in _interval(name, own).items()}


def _interval(name: str, found: Interval) -> dict[str, float]:
    return {name: found.mean, f"{name}_low": found.low, f"{name}_high": found.high}
