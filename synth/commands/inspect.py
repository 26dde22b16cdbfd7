"""``headsynth inspect``: the ranked library as a table, or one head's programs."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from rich.syntax import Syntax

from sandbox.plain_text import one_line
from sandbox.verdicts import Verdict
from surrogates.errors import InputError, ProgramFailed
from surrogates.library.candidates import Candidate, Ceiling
from surrogates.library.cover import cover
from surrogates.library.heads import Head
from surrogates.library.ranking import Ranked
from synth.categories import HeadKind
from synth.commands.faithfulness import faithfulness_document, print_faithfulness
from synth.console import Terminal, print_document
from synth.drawing import draw_patterns
from synth.head_faithfulness import faithfulness
from synth.proposers.language_model.accounts import Accounts, UsedAnswer
from synth.proposers.language_model.archive import Archive, Niche
from synth.run import Run, open_run

Sort = Literal["head", "iou", "parts", "literals"]
MEMBERS = 8
"""Words of a cluster that are shown."""
_ASCII_DRAWING = str.maketrans("·░▒▓█│␣", ".:+*#|_")


def show(path: Path, head: str | None, sort: Sort, *, as_json: bool) -> None:
    """Print the library of a run, or the programs of one of its heads.

    Raises:
        InputError: there is no run, or it has no such head.
    """
    with open_run(path) as run:
        if head is None:
            show_library(run, sort, as_json=as_json)
        else:
            _show_head(run, head, as_json=as_json)


def show_library(run: Run, sort: Sort = "head", *, as_json: bool = False) -> None:
    """Print the program that stands in for each head."""
    library = run.library
    surrogates, ceilings, kinds = library.surrogates(), library.ceilings(), run.kinds
    verdicts = Counter(c.verdict for head in run.heads for c in library.candidates(head))
    asked = Accounts(library).of_run() if library.has_asked() else None
    if not surrogates:
        raise InputError(f"{run.path} has no scored program yet; run `headsynth synthesize` again to finish it")
    heads = sorted(surrogates)
    if sort == "iou":
        heads.sort(key=lambda head: -surrogates[head].scores.iou)
    elif sort == "parts":
        heads.sort(key=lambda head: surrogates[head].program.parts)
    elif sort == "literals":
        heads.sort(key=lambda head: surrogates[head].program.literals)
    rows = [_library_row(head, surrogates[head], ceilings.get(head), kinds[head]) for head in heads]
    categories = Counter(row["category"] for row in rows if row["category"])
    ious = [row["iou"] for row in rows]
    reached = [row["ceiling"] for row in rows if row["ceiling"] is not None]
    summary = {
        "heads": len(rows),
        "mean_iou": sum(ious) / len(ious),
        "min_iou": min(ious),
        "mean_ceiling": sum(reached) / len(reached) if reached else None,
        "categories": dict(categories.most_common()),
        "programs": len({entry.program.source for entry in surrogates.values()}),
        "structures": len({entry.program.structure for entry in surrogates.values()}),
        "cover": cover(library.structures()),
        "verdicts": {verdict: verdicts[verdict] for verdict in Verdict if verdicts[verdict]},
        "llm": asked and asdict(asked),
    }
    start = run.start_of_texts
    if as_json:
        print_document({"model": run.settings.model, "start": start, "heads": rows, "summary": summary})
        return
    console = Terminal()
    console.print(f"{run.settings.model}: the program that stands in for each head, test figures", soft_wrap=True)
    console.print_table(
        [("head", "name"), ("IoU", "figure"), ("95 %", "figure"), ("ceiling", "figure"), ("parts", "figure"),
         ("literals", "figure"), ("hypothesis", "text")],
        [
            [str(head), f"{entry.scores.iou:.3f}", _interval(entry), _ceiling(ceilings.get(head)), _parts(entry),
             str(entry.program.literals), _said(entry, kinds[head])]
            for head, entry in ((head, surrogates[head]) for head in heads)
        ],
    )  # fmt: skip
    ceiling = f", ceiling {summary['mean_ceiling']:.3f}" if reached else ""
    if 0 < len(reached) < len(rows):
        ceiling += f" of {len(reached)} heads"
    console.print(
        f"{summary['heads']} heads, mean IoU {summary['mean_iou']:.3f}, lowest {summary['min_iou']:.3f}{ceiling}; "
        f"{summary['programs']} programs of {summary['structures']} structures"
    )
    if categories:
        told = ", ".join(f"{count} {name}" for name, count in categories.most_common())
        console.print(f"categories: {told}")
    console.print(_covered(summary["cover"]))
    console.print(f"candidates: {_counted(verdicts)}", soft_wrap=True)
    console.print(start, soft_wrap=True)
    if asked:
        console.print(f"language model: {asked}", soft_wrap=True)
    if calibrated := library.assignments():
        told = ", ".join(f"{name} ({len(own)} head{'s' * (len(own) != 1)})" for name, own in calibrated.items())
        console.print(f"assignments: {told}", soft_wrap=True)
    console.print(f"programs: {run.programs}", soft_wrap=True)


def _covered(counts: Sequence[int]) -> str:
    """How many heads one structure explains, how many a quarter as many structures as heads, and how many all."""
    every = counts[-1]
    shown = sorted({1, min(math.ceil(every / 4), len(counts)), len(counts)})
    told = [f"{number}: {counts[number - 1]}" for number in shown]
    return f"heads explained, within 0.02 IoU of their best, by the number of structures: {', '.join(told)} of {every}"


def _counted(verdicts: Counter[Verdict]) -> str:
    """How the candidates ended: ``512 ok, 3 refused, 1 timed out (see each head)``."""
    counts = [f"{verdicts[verdict]} {verdict}" for verdict in Verdict if verdicts[verdict]]
    return ", ".join(counts) + (" (see each head)" if len(counts) > 1 else "")


def _interval(entry: Ranked) -> str:
    return f"{entry.scores.iou_low:.3f}–{entry.scores.iou_high:.3f}"


def _ceiling(ceiling: Ceiling | None) -> str:
    return f"{ceiling.iou:.3f}" if ceiling else ""


def _said(entry: Ranked, kind: HeadKind) -> str:
    """What kind of head it is, and what the program says of it."""
    return f"{kind.category}: {entry.program.hypothesis}" if kind.category else entry.program.hypothesis


def _parts(entry: Ranked) -> str:
    return "scripted" if entry.program.kind == "scripted" else str(entry.program.parts)


def _sizes(entry: Ranked) -> dict[str, int | None]:
    program = entry.program
    parts = None if program.kind == "scripted" else program.parts
    return {"parts": parts, "literals": program.literals, "nodes": program.nodes}


def _library_row(head: Head, entry: Ranked, ceiling: Ceiling | None, kind: HeadKind) -> dict[str, Any]:
    return {
        "head": str(head),
        "iou": entry.scores.iou,
        "iou_low": entry.scores.iou_low,
        "iou_high": entry.scores.iou_high,
        "ceiling": ceiling and ceiling.iou,
        **_kind(kind),
        **_sizes(entry),
        "program": entry.name,
        "hypothesis": entry.program.hypothesis,
        "origin": entry.candidate.origin,
        "model": entry.candidate.model,
        "round": entry.candidate.round,
    }


def _kind(kind: HeadKind) -> dict[str, Any]:
    return {"category": kind.category, "shares": dict(kind.shares), "scores": asdict(kind.scores)}


def _show_head(run: Run, name: str, *, as_json: bool) -> None:
    programs, library = run[name], run.library
    head, ranked, failures = programs.head, programs.ranked, programs.failures
    unusable = library.unusable(head)
    accounts = Accounts(library) if library.has_asked() else None
    asked = accounts.of_head(head) if accounts else None
    answers = accounts.answers(head) if accounts else []
    niches = _niches(ranked)
    surrogate = next((entry for entry in ranked if entry.stands_in), None)
    named = surrogate.program.cluster_names if surrogate else frozenset()
    alike = {name: words for name, words in run.material.alike.items() if name in named}
    # Before anything is printed: what it needs of the run may be damaged.
    faithful = faithfulness(run, head) if surrogate else None
    if as_json:
        failed = [
            {"label": c.label, "origin": c.origin, "model": c.model, "round": c.round, "verdict": c.verdict,
             "reason": c.reason, "source": c.source}
            for c in failures
        ]  # fmt: skip
        document = {
            "head": str(head),
            "ceiling": programs.ceiling and programs.ceiling.iou,
            **_kind(programs.kind),
            "programs": [_program_row(entry) for entry in ranked],
            "faithfulness": faithful and faithfulness_document(faithful),
            "clusters": alike,
            "archive": [{"niche": str(niche), "program": entry.name} for niche, entry in niches],
            "failures": failed,
            "answers": [asdict(answer) for answer in answers],
            "unusable": [asdict(part) for part in unusable],
            "llm": asked and asdict(asked),
        }
        print_document(document)
        return
    console = Terminal()
    drawn = _drawn(run, head, console) if surrogate else ""
    console.print(f"{head}: programs by validation IoU, test figures")
    if programs.ceiling:
        console.print(f"ceiling {programs.ceiling.iou:.3f}: the IoU of an additive model with full tables")
    for line in programs.kind.lines:
        console.print(line)
    console.print_table(
        [("program", "text"), ("stands in", "name"), ("origin", "name"), ("parts", "figure"), ("literals", "figure"),
         ("IoU", "figure"), ("95 %", "figure"), ("cross-\nentropy", "figure"), ("JSD", "figure")],
        [
            [entry.name, "yes" if entry.stands_in else "", _origin(entry.candidate), _parts(entry),
             str(entry.program.literals), f"{entry.scores.iou:.3f}", _interval(entry),
             f"{entry.scores.cross_entropy:.3f}", f"{entry.scores.jsd:.3f}"]
            for entry in ranked
        ],
    )  # fmt: skip
    if asked:
        _print_archive(console, niches)
        _print_answers(console, answers, ranked)
        console.print(f"language model: {asked}", soft_wrap=True)
    for candidate in failures:
        console.print(f"{candidate.label} ({candidate.found_by}): {candidate.verdict}: {candidate.reason}")
    for (kind, reason), count in Counter((part.kind, part.reason) for part in unusable).items():
        console.print(f"unused{f', {count} times' if count > 1 else ''}: {kind}: {reason}")
    if surrogate is None or faithful is None:
        return
    console.print(f"{run.programs / head.folder / surrogate.name}.py", style="bold", soft_wrap=True)
    # Lines are left as they are, so that the source can be copied from the screen.
    source = Syntax("", "python", background_color="default").highlight(surrogate.candidate.source)
    console.print(source, soft_wrap=True)
    for name, words in alike.items():
        console.print(f"{name}: {_members(words)}", soft_wrap=True)
    console.print(drawn, soft_wrap=True)
    print_faithfulness(console, faithful)


def _members(words: Sequence[str]) -> str:
    shown = ", ".join(word if word.strip() and one_line(word) == word else repr(word) for word in words[:MEMBERS])
    return f"{shown} … {len(words) - MEMBERS} more" if len(words) > MEMBERS else shown


def _drawn(run: Run, head: Head, console: Terminal) -> str:
    """The head's pattern and the program's on a text, or why there is none."""
    try:
        drawn = draw_patterns(run.patterns(head, run.material.splits["test"][0]), console.width).plain
    except ProgramFailed as error:
        return f"no pattern can be drawn for the first test text: {error}"
    return drawn if console.encoding.startswith("utf") else drawn.translate(_ASCII_DRAWING)


def _niches(ranked: Sequence[Ranked]) -> list[tuple[Niche, Ranked]]:
    """The head's archive: the best program of each niche, as a language model may be shown it as a parent."""
    entries = {entry.candidate.source: entry for entry in ranked}
    niches = Archive(entry.candidate for entry in ranked).niches
    return [(niche, entries[elite.source]) for niche, elite in sorted(niches.items(), key=_by_niche)]


def _by_niche(item: tuple[Niche, Candidate]) -> tuple[int, tuple[str, ...]]:
    return item[0].size, item[0].families


def _print_archive(console: Terminal, niches: Sequence[tuple[Niche, Ranked]]) -> None:
    console.print("Archive: the best program of each size and family of features, by train IoU")
    console.print_table(
        [("niche", "text"), ("program", "text"), ("train IoU", "figure"), ("IoU", "figure")],
        [
            [str(niche), entry.name, f"{entry.scores.train_iou:.3f}", f"{entry.scores.iou:.3f}"]
            for niche, entry in niches
        ],
    )


def _print_answers(console: Terminal, answers: Sequence[UsedAnswer], ranked: Sequence[Ranked]) -> None:
    console.print("Answers about this head")
    rows = []
    for answer in answers:
        numbers = [entry.name.split("_")[0] for entry in ranked if entry.candidate.call == answer.call]
        rows.append([str(answer.round), answer.model, str(answer.cost), ", ".join(numbers) or "none"])
    console.print_table(
        [("round", "figure"), ("model", "text"), ("cost", "text"), ("programs, by their number", "text")], rows
    )


def _origin(candidate: Candidate) -> str:
    """In a word or two: ``llm 2`` for round 2."""
    return f"llm {candidate.round}" if candidate.origin == "llm" else candidate.origin


def _program_row(entry: Ranked) -> dict[str, Any]:
    return {
        "name": entry.name,
        "stands_in": entry.stands_in,
        "origin": entry.candidate.origin,
        "model": entry.candidate.model,
        "round": entry.candidate.round,
        "call": entry.candidate.call,
        "iou": entry.scores.iou,
        "iou_low": entry.scores.iou_low,
        "iou_high": entry.scores.iou_high,
        "train_iou": entry.scores.train_iou,
        "cross_entropy": entry.scores.cross_entropy,
        "jsd": entry.scores.jsd,
        **_sizes(entry),
        "kind": entry.program.kind,
        "verdict": entry.candidate.verdict,
        "source": entry.candidate.source,
    }
