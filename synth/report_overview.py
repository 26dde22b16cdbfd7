"""What a report's page shows first: the whole library, head by head and structure by structure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from itertools import accumulate
from typing import Any

import numpy as np

from evaluation.intervals import mean_interval
from evaluation.report.detail import Detail
from evaluation.report.vocabulary import vocabulary_value
from surrogates.language.program import Program
from surrogates.library.cover import explained, greedy
from surrogates.library.heads import Head
from surrogates.library.structures import Structure
from synth.attention import open_store
from synth.categories import AVOIDS, CATEGORIES, FAMILIES, MIXED
from synth.evaluation_rows import Alone, Effect
from synth.proposers.language_model.accounts import Accounts
from synth.report_heads import ReportedHead, parts_of, shown_texts
from synth.run import Run
from synth.stored_measurements import StoredRows, stored_rows

MEMBERS = 12
"""Words of a cluster that are named, at most."""
_SIZES = (1, 2, 3, 4, 5, 6, 8, 10, 12)
"""Parts, at most, of the programs in the front of a library."""


def overview(run: Run, heads: Mapping[Head, ReportedHead], detail: Detail, only: Head | None = None) -> dict[str, Any]:
    """All but the heads' own pages.

    Args:
        run: the run.
        heads: those that are shown.
        detail: what is held of them.
        only: the head that the page is about, if about a single one; then the library is left out.
    """
    material, settings, library = run.material, run.settings, run.library
    every = open_store(run.attention).heads
    structures, counts = _structures([] if only else library.structures())
    stored = StoredRows() if only else stored_rows(run)
    asked = Accounts(library).of_run() if library.has_asked() else None
    return {
        "model": settings.model,
        "run": run.path.name,
        "version": version("headsynth"),
        "corpus": settings.corpus,
        "start": run.start_of_texts,
        "causal": material.causal,
        "texts": {split: len(numbers) for split, numbers in material.splits.items()},
        "max_tokens": settings.max_tokens,
        "seed": settings.seed,
        "layers": max(head.layer for head in every) + 1,
        "width": max(head.index for head in every) + 1,
        "mean": _mean(run, heads),
        "language_model": asked and {"summary": str(asked), **asdict(asked)},
        "categories": [*CATEGORIES, MIXED],
        "share_kinds": _share_kinds(),
        "heads": _heads(run, heads, structures, stored.effects),
        "without": [str(head) for head in every if head not in heads] if only is None else [],
        "cover": counts,
        "structures": structures,
        "front": _front(list(heads.values())),
        "sweep": list(map(asdict, stored.sweep)),
        "controls": list(map(asdict, stored.controls)),
        "controls_share": stored.share,
        "tasks": list(map(asdict, stored.tasks)),
        "alike": {name: words[:MEMBERS] for name, words in material.alike.items()},
        "shown": list(shown_texts(material, detail)),
        "levels": detail.levels,
        "notices": [*detail.notices(), *([_alone(run, only)] if only else _not_measured(run, stored, len(heads)))],
        "vocabulary": vocabulary_value(material.causal, material.clusters.names),
    }


def _share_kinds() -> list[str]:
    """Kinds of parts that shares are of, in a fixed order."""
    groups = [group for family in FAMILIES for group in family]
    return groups + [f"{AVOIDS}{group}" for group in groups]


def _mean(run: Run, heads: Mapping[Head, ReportedHead]) -> dict[str, Any]:
    iou = mean_interval(np.mean([own.ious for own in heads.values()], axis=0))
    reached = [ceiling.iou for head, ceiling in run.ceilings.items() if head in heads]
    names = next(iter(heads.values())).baselines
    return {
        "iou": iou.mean,
        "low": iou.low,
        "high": iou.high,
        "ceiling": sum(reached) / len(reached) if reached else None,
        "ceiling_heads": len(reached),
        "baselines": {name: float(np.mean([own.baselines[name] for own in heads.values()])) for name in names},
    }


def _heads(
    run: Run,
    heads: Mapping[Head, ReportedHead],
    structures: Sequence[Mapping[str, Any]],
    effects: Sequence[Effect],
) -> list[dict[str, Any]]:
    ceilings, kinds = run.ceilings, run.kinds
    places = {Program.parse(structure["source"]).structure: place for place, structure in enumerate(structures)}
    by_way = {(effect.head, effect.replacement): effect for effect in effects}
    return [
        {
            "head": str(head),
            "layer": head.layer,
            "index": head.index,
            "ceiling": ceilings[head].iou if head in ceilings else None,
            "category": kinds[head].category,
            "shares": dict(kinds[head].shares),
            "scores": asdict(kinds[head].scores),
            "baselines": dict(own.baselines),
            "structure": places.get(own.structure),
            "effect": _effect(by_way, str(head)),
            **own.row,
        }
        for head, own in heads.items()
    ]


def _effect(by_way: Mapping[tuple[str, Alone], Effect], head: str) -> dict[str, float] | None:
    if (head, "program") not in by_way:
        return None
    program, zero = by_way[head, "program"], by_way[head, "zero"]
    return {
        "program": program.divergence,
        "zero": zero.divergence,
        "recovered": program.recovered,
        "recovered_low": program.recovered_low,
        "recovered_high": program.recovered_high,
    }


def _structures(structures: Sequence[Structure]) -> tuple[list[dict[str, Any]], list[int]]:
    """Those that explain several heads or are needed to explain all, those of most heads first; and the cover curve."""
    explains = explained(structures)
    added = greedy(explains)
    order = {place: number for number, place in enumerate(added)}
    found = []
    for place, structure in enumerate(structures):
        if len(explains[place]) < 2 and place not in order:
            continue
        program = Program.parse(max(structure.uses.values(), key=lambda use: use.validation_iou).source)
        row: dict[str, Any] = {
            "hypothesis": program.hypothesis,
            "source": program.source,
            "parts": parts_of(program),
            "literals": structure.literals,
            "families": list(structure.families),
            "heads": [str(head) for head in sorted(explains[place])],
            "cover": order.get(place),
        }
        found.append(row)
    found.sort(key=lambda row: -len(row["heads"]))
    return found, list(accumulate(added.values()))


def _front(heads: Sequence[ReportedHead]) -> list[dict[str, Any]]:
    """Means over heads of the best programs of at most so many parts; heads without any so small are left out."""
    rows = []
    for most in _SIZES:
        best = [
            next(((literals, iou) for parts, literals, iou in own.sizes if parts is not None and parts <= most), None)
            for own in heads
        ]
        found = [row for row in best if row is not None]
        if found:
            literals, iou = np.mean(found, axis=0)
            rows.append({"parts": most, "literals": float(literals), "iou": float(iou), "heads": len(found)})
    return rows


def _alone(run: Run, head: Head) -> str:
    return f"This page holds {head} alone; `headsynth report {run.path}` writes one of all heads."


def _not_measured(run: Run, stored: StoredRows, heads: int) -> list[str]:
    if not run.material.causal:
        return ["Perplexity with heads replaced is not held of an encoder; `headsynth evaluate` measures it."]
    without = heads - len({effect.head for effect in stored.effects})
    known = {
        "perplexity with heads replaced": stored.sweep,
        "controls": stored.controls[1:],
        f"effects of {'single' if without == heads else f'{without} of {heads}'} heads": not without,
    }
    missing = [name for name, found in known.items() if not found]
    if not missing:
        return []
    return [
        f"Not measured yet: {', '.join(missing)}; run `headsynth evaluate {run.path}`, then write the report again."
    ]
