"""``headsynth evaluate --tasks``: what a model scores on tasks with heads replaced, as tables."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from surrogates.running.plan import OnError
from synth.commands.kept_heads import print_kept
from synth.console import Column, Terminal, print_document
from synth.progress import Reporter
from synth.run import open_run
from synth.tasks import TaskRow, evaluate_tasks


def show_tasks(
    path: Path,
    tasks: str,
    shares: Sequence[float],
    limit: int | None,
    assignment: str,
    device: str,
    on_error: OnError,
    reporter: Reporter,
    *,
    as_json: bool,
) -> None:
    """Print each task's metrics for the model as it is and for each share of heads.

    Raises:
        InputError: see :func:`synth.tasks.evaluate_tasks`.
    """
    names = [name for part in tasks.split(",") if (name := part.strip())]
    with open_run(path) as run:
        rows = evaluate_tasks(
            run, names, shares, limit=limit, assignment=assignment, device=device, on_error=on_error, reporter=reporter
        )
        if as_json:
            print_document({"tasks": [asdict(row) for row in rows]})
        else:
            _print(run.settings.model, rows)


def _print(model: str, rows: Sequence[TaskRow]) -> None:
    console = Terminal()
    console.print(
        f"{model}, heads of highest validation IoU replaced first by their programs. Changes are to the model as it "
        "is: in points where a metric is a share, relative where it is a perplexity; 95 % intervals are over items."
    )
    for task in dict.fromkeys(row.task for row in rows):
        own = [row for row in rows if row.task == task]
        guessing = "" if own[0].chance is None else f", {own[0].chance:.1%} by guessing"
        console.print(f"\n{task}: {own[0].items} items{guessing}", soft_wrap=True)
        columns: list[Column] = [("metric", "name"), ("heads", "figure"), ("value", "figure"), ("95 %", "figure")]
        columns += [("change", "figure"), ("95 %", "figure")]
        lines = [line for metric in dict.fromkeys(row.metric for row in own) for line in _lines(metric, own)]
        console.print_table(columns, lines)
    print_kept(console, rows)


def _lines(metric: str, rows: Sequence[TaskRow]) -> list[list[str]]:
    lines: list[list[str]] = []
    for row in (row for row in rows if row.metric == metric):
        value, change = ("{:,.2f}", "{:+.1%}") if row.is_perplexity else ("{:.1%}", "{:+.1f}")
        scale = 1 if row.is_perplexity else 100
        line = [metric if not lines else "", f"{row.heads} ({row.fraction:.0%})", value.format(row.value)]
        line.append(f"{value.format(row.low)} to {value.format(row.high)}")
        if row.heads:
            changes = [change.format(scale * figure) for figure in (row.change, row.change_low, row.change_high)]
            line += [changes[0], f"{changes[1]} to {changes[2]}"]
        else:
            line += ["", ""]
        lines.append(line)
    return lines
