"""The explorer of a run: a page that holds all that a run knows of its heads' programs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from evaluation.report.detail import LIMIT, Detail, details
from evaluation.report.packing import packed
from evaluation.report.page import write_page
from evaluation.report.texts import mask_names, number_names, text_value
from surrogates.errors import InputError
from surrogates.language.features import Texts
from surrogates.library.heads import Head
from surrogates.library.ranking import Ranked
from synth.engine import Engine, Local
from synth.head_faithfulness import beginnings
from synth.material import HeadData, Material
from synth.progress import Reporter
from synth.report_heads import ReportedHead, held_programs, patterns_value, programs_value, reported_head, shown_texts
from synth.report_overview import overview
from synth.run import Run

_AIM = 0.9
"""Share of the limit that an estimate may take."""
_SAMPLE = 8
"""Heads on which a page's size is estimated."""
_OF_HEAD = 6000
"""Bytes of a head in the overview and of its figures, roughly."""


def report_pieces(run: Run, engine: Engine, reporter: Reporter) -> tuple[list[str], list[str]]:
    """The page in pieces, and what was left out of it."""
    ranked = {head: own for head in run.heads if (own := run.library.ranked(head))}
    if not ranked:
        raise InputError(f"{run.path} has no scored program yet; run `headsynth synthesize` again to finish it")
    material = run.material
    longest = max(len(material.ids[number]) for number in material.splits["test"])
    bare = sum(len(piece) for piece in write_page("", {}, "", []))
    for detail in details(longest):
        last = detail.tokens is not None
        if bare + _estimate(material, ranked, detail) > _AIM * LIMIT:
            continue
        heads = _heads(run, ranked, detail, engine, reporter)
        texts = {number for own in heads.values() for number in own.texts}
        surrogates = {head: next(e for e in own if e.stands_in) for head, own in ranked.items()}
        view = overview(run, surrogates, heads, detail)
        pieces = list(write_page(f"{run.settings.model}: attention heads as programs", view, packed(texts_value(material, sorted(texts), detail)), [(str(head), own.packed) for head, own in heads.items()]))
        if sum(len(piece.encode()) for piece in pieces) <= LIMIT:
            break
    return pieces, view


def texts_value(material: Material, numbers: Sequence[int], detail: Detail) -> dict[str, Any]:
    """What programs see of texts, in the form that the page has it in."""
    found = {}
    for number in numbers:
        ids = [material.ids[number][: detail.tokens]]
        found[str(number)] = text_value(Texts.from_lists(ids, material.table, causal=material.causal), 0)
    return {"masks": mask_names(material.causal, material.clusters.names), "numbers": number_names(), "texts": found}


def _heads(run, ranked, detail, engine, reporter):
    shared = (run.material, beginnings(run.texts), detail)
    ceilings = run.ceilings
    items = [(head, own, ceilings.get(head)) for head, own in ranked.items()]
    found = {}
    with reporter.stage("heads") as step:
        for head, own in zip(ranked, engine.map(reported_head, shared, items), strict=True):
            found[head] = own
            step(len(found), len(items))
    return found


def _estimate(material: Material, ranked: Mapping[Head, Sequence[Ranked]], detail: Detail) -> float:
    """Bytes of what a page holds of a run, measured on a sample."""
    heads = list(ranked)[:: max(1, len(ranked) // _SAMPLE)][:_SAMPLE]
    shown = shown_texts(material, detail)
    texts = len(shown) + 2 * detail.own
    total = 0.0
    for head in heads:
        held = held_programs(ranked[head], detail)
        data = HeadData(material, head)
        total += len(packed(programs_value(held)))
        total += texts * len(packed([patterns_value(data, held, number, detail) for number in shown[:2]])) / len(shown[:2])
    kept = min(len(material.splits["test"]), len(shown) + 2 * detail.own * len(ranked))
    of_texts = len(packed(texts_value(material, shown[:2], detail))) / len(shown[:2]) * kept
    return len(ranked) * (total / len(heads) + _OF_HEAD) + of_texts
