"""``headsynth evaluate``: what the model loses with heads replaced, as tables."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from evaluation.orders import ORDERS, Order
from surrogates.errors import InputError
from synth.asked import Asked
from synth.commands.corpora import print_corpora
from synth.commands.embeddings import print_embeddings
from synth.commands.kept_heads import print_kept
from synth.console import Column, Terminal, print_document
from synth.evaluation_rows import REPLACEMENTS, Effect, Evaluation
from synth.measuring import evaluate_all
from synth.progress import Reporter
from synth.run import open_run

_SHOWN = 10
"""Heads of which effects are shown."""


def show_evaluation(path: Path, asked: Asked, reporter: Reporter, *, as_json: bool) -> None:
    """Print the increase in perplexity for each order, replacement and share of heads, controls, and effects of heads.

    Raises:
        InputError: there is no finished run, or something that is asked is out of range.
    """
    with open_run(path) as run:
        found = evaluate_all(run, asked, reporter)
        if as_json:
            print_document(_document(found) if isinstance(found, Evaluation) else asdict(found))
        elif isinstance(found, Evaluation):
            _print(run.settings.model, found)
        else:
            print_embeddings(run.settings.model, found)


def percentages(text: str) -> list[float]:
    """Shares from a list of percentages.

    Raises:
        InputError: they cannot be read, or one is below 1 or above 100.
    """
    try:
        shares = [float(part) / 100 for part in text.split(",")]
    except ValueError:
        shares = []
    if not shares or not all(0.01 <= share <= 1 for share in shares):
        raise InputError(f"cannot read the fractions {text!r}; write percentages from 1 to 100, such as 25,50,100")
    return shares


def orders_named(text: str) -> list[Order]:
    """Orders from a list of their names.

    Raises:
        InputError: there is none of that name.
    """
    found: list[Order] = []
    for name in text.split(","):
        order = next((order for order in ORDERS if order == name.strip()), None)
        if order is None:
            raise InputError(f"there is no order {name.strip()!r}; choose from {', '.join(ORDERS)}")
        found.append(order)
    return found


def corpora_named(given: Sequence[str]) -> dict[str, str]:
    """Corpora by their names from ``NAME=CORPUS``.

    Raises:
        InputError: there is no name or no corpus, or a name comes twice.
    """
    found: dict[str, str] = {}
    for text in given:
        name, _, source = text.partition("=")
        if not name.strip() or not source:
            raise InputError(f"cannot read the corpus {text!r}; write NAME=CORPUS, such as news=news.jsonl")
        if name in found:
            raise InputError(f"two corpora are called {name!r}; give each a name of its own")
        found[name] = source
    return found


def _document(found: Evaluation) -> dict:
    of_run = ("baseline_perplexity", "texts")
    sweep = [{name: value for name, value in asdict(row).items() if name not in of_run} for row in found.sweep]
    return {
        "measure": found.measure,
        "baseline_perplexity": found.perplexity,
        "texts": found.texts,
        "sweep": sweep,
        "controls_fraction": found.controls_fraction,
        "controls": list(map(asdict, found.controls)),
        "within": list(map(asdict, found.within)),
        "effects": list(map(asdict, found.effects)),
        "corpora": list(map(asdict, found.corpora)),
        "left_out": list(found.left_out),
    }


def _print(model: str, found: Evaluation) -> None:
    console = Terminal()
    console.print(f"{model}: {found.measure} {found.perplexity:.3f} on {found.texts} test texts", soft_wrap=True)
    console.print(
        "Heads are replaced by their programs, or by what explains nothing: uniform (every visible key alike), first "
        "(all on the first token), zero (no output)."
    )
    if found.measure == "pseudo-perplexity":
        console.print(
            "Pseudo-perplexity is that of tokens masked one at a time; the model and the programs read the mask token "
            "in the place of each.",
            soft_wrap=True,
        )
    _print_sweep(console, found)
    if found.within:
        _print_within(console, found)
    if found.controls:
        _print_controls(console, found)
    if found.corpora:
        print_corpora(console, found.corpora, found.measure)
    if found.effects:
        _print_effects(console, found.effects)
    for line in found.left_out:
        console.print(f"left out: {line}")
    on_corpora = [row for own in found.corpora for row in own.sweep]
    print_kept(console, [*found.sweep, *found.controls, *found.within, *found.effects, *on_corpora])


def _print_sweep(console: Terminal, found: Evaluation) -> None:
    rows = {(row.order, row.replacement, row.heads): row for row in found.sweep}
    for order in dict.fromkeys(row.order for row in found.sweep):
        console.print(f"\nIncrease in {found.measure}, {ORDERS[order]}", soft_wrap=True)
        columns: list[Column] = [("heads", "figure")]
        for replacement in REPLACEMENTS:
            columns.append((replacement, "figure"))
            if replacement == "program":
                columns.append(("95 %", "figure"))
        lines = []
        for own in [row for row in found.sweep if row.order == order and row.replacement == "program"]:
            line = [f"{own.heads} ({own.fraction:.0%})", f"{own.increase:+.1%}", f"{own.low:+.1%} to {own.high:+.1%}"]
            others = [rows[order, replacement, own.heads] for replacement in REPLACEMENTS[1:]]
            lines.append(line + [f"{row.increase:+.1%}" for row in others])
        console.print_table(columns, lines)


def _print_within(console: Terminal, found: Evaluation) -> None:
    budget = found.within[0].budget
    console.print(f"\nThe most heads within {budget:+.1%} on validation texts")
    columns: list[Column] = [
        ("order", "name"), ("heads", "figure"), ("validation", "figure"), ("test", "figure"), ("95 %", "figure"),
    ]  # fmt: skip
    lines = [
        [
            row.order, f"{row.heads} ({row.fraction:.0%})", f"{row.validation_increase:+.1%}", f"{row.increase:+.1%}",
            f"{row.low:+.1%} to {row.high:+.1%}",
        ]
        for row in found.within
    ]  # fmt: skip
    console.print_table(columns, lines)


def _print_controls(console: Terminal, found: Evaluation) -> None:
    share = f"{found.controls_fraction:.0%}"
    console.print(f"\nControls at {share} of the heads: increase in {found.measure}, and above that of the programs")
    columns: list[Column] = [
        ("control", "name"), ("heads", "figure"), ("increase", "figure"), ("worse by", "figure"), ("95 %", "figure"),
    ]  # fmt: skip
    lines = [
        [
            row.control, str(row.heads), f"{row.increase:+.1%}", f"{row.worse:+.1%}",
            f"{row.worse_low:+.1%} to {row.worse_high:+.1%}",
        ]
        for row in found.controls
    ]  # fmt: skip
    console.print_table(columns, lines)


def _print_effects(console: Terminal, effects: Sequence[Effect]) -> None:
    by_head: dict[str, dict[str, Effect]] = {}
    for effect in effects:
        by_head.setdefault(effect.head, {})[effect.replacement] = effect
    order = sorted(by_head, key=lambda head: -by_head[head]["zero"].divergence)
    shown = f", the {_SHOWN} that matter most" if len(order) > _SHOWN else ""
    console.print(
        f"\nHeads replaced alone on {effects[0].texts} test texts{shown}: KL from the model as it is, in thousandths "
        "of a nat a token, and the share of the head's effect that its program recovers"
    )
    columns: list[Column] = [
        ("head", "name"), ("program", "figure"), ("zero", "figure"), ("uniform", "figure"), ("mean", "figure"),
        ("recovered", "figure"), ("95 %", "figure"),
    ]  # fmt: skip
    lines = []
    for head in order[:_SHOWN]:
        own = by_head[head]
        program = own["program"]
        figures = [f"{1000 * own[way].divergence:.2f}" for way in ("program", "zero", "uniform", "mean")]
        interval = f"{program.recovered_low:.0%} to {program.recovered_high:.0%}"
        lines.append([head, *figures, f"{program.recovered:.0%}", interval])
    console.print_table(columns, lines)
