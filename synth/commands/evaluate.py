"""``headsynth evaluate``: perplexity with heads replaced, as tables."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from evaluation.sweep import REPLACEMENTS
from surrogates.errors import InputError
from surrogates.running.plan import OnError
from synth.console import Column, Terminal, print_document
from synth.measuring import Row, evaluate
from synth.progress import Reporter
from synth.run import Run, open_run

_ORDERS = {"iou": "highest validation IoU first", "effect": "smallest own effect on validation texts first"}


def show_evaluation(
    path: Path, fractions: str, device: str, on_error: OnError, reporter: Reporter, *, as_json: bool
) -> None:
    """Print the increase in perplexity for each order, replacement and share of heads.

    Raises:
        InputError: there is no finished run, the model is an encoder, or a fraction cannot be read.
    """
    shares = read_fractions(fractions)
    with open_run(path) as run:
        rows = evaluate(run, shares, device=device, on_error=on_error, reporter=reporter)
        if as_json:
            print_document(_document(rows))
        else:
            _print(run, rows, shares)


def read_fractions(text: str) -> list[float]:
    """Shares from percentages that are separated by commas.

    Raises:
        InputError: they are none, or out of range.
    """
    try:
        shares = [float(part) / 100 for part in text.split(",")]
    except ValueError:
        shares = []
    if not shares or not all(0.01 <= share <= 1 for share in shares):
        raise InputError(f"cannot read the fractions {text!r}; write percentages from 1 to 100, such as 25,50,100")
    return shares


def _document(rows: Sequence[Row]) -> dict:
    of_run = ("baseline_perplexity", "texts")
    sweep = [{name: value for name, value in asdict(row).items() if name not in of_run} for row in rows]
    return {name: getattr(rows[0], name) for name in of_run} | {"sweep": sweep}


def _print(run: Run, rows: Sequence[Row], shares: Sequence[float]) -> None:
    console = Terminal()
    texts, perplexity = rows[0].texts, rows[0].baseline_perplexity
    console.print(f"{run.settings.model}: perplexity {perplexity:.3f} on {texts} test texts", soft_wrap=True)
    console.print(
        "Heads are replaced by their programs, or by what explains nothing: uniform (every visible key alike), first "
        "(all on the first token), zero (no output)."
    )
    found = {(row.order, row.replacement, row.fraction): row for row in rows}
    for order in dict.fromkeys(row.order for row in rows):
        console.print(f"\nIncrease in perplexity, {_ORDERS[order]}", soft_wrap=True)
        columns: list[Column] = [("heads", "figure")]
        for replacement in REPLACEMENTS:
            columns.append((replacement, "figure"))
            if replacement == "program":
                columns.append(("95 %", "figure"))
        lines = []
        for share in shares:
            line = [f"{found[order, 'program', share].heads} ({share:.0%})"]
            for replacement in REPLACEMENTS:
                row = found[order, replacement, share]
                line.append(f"{row.increase:+.1%}")
                if replacement == "program":
                    line.append(f"{row.low:+.1%} to {row.high:+.1%}")
            lines.append(line)
        console.print_table(columns, lines)
    if kept := max(row.kept_neural for row in rows):
        console.print(
            f"Programs failed on some texts, where their heads computed their own patterns: up to {kept} times "
            "(a text and a head each) behind one figure; --json tells behind which.",
            soft_wrap=True,
        )
