"""The table of ``headsynth evaluate --corpus``: the same programs on several corpora."""

from collections.abc import Sequence

from synth.console import Column, Terminal
from synth.evaluation_rows import OnCorpus, Row


def print_corpora(console: Terminal, corpora: Sequence[OnCorpus]) -> None:
    """Print how alike programs and heads are on each corpus, and what replacing heads costs there."""
    first = corpora[0].sweep[0]
    costs = "increase in perplexity" if isinstance(first, Row) else "cosine with embeddings as they are"
    console.print(
        f"\nTexts that programs were not found on, read and cut as the run's own: IoU of the programs, and {costs} "
        f"with heads replaced by them in the order {first.order}",
        soft_wrap=True,
    )
    columns: list[Column] = [
        ("corpus", "name"), ("texts", "figure"), ("IoU", "figure"), ("95 %", "figure"), ("heads", "figure"),
        ("increase" if isinstance(first, Row) else "cosine", "figure"), ("95 %", "figure"),
    ]  # fmt: skip
    lines = []
    for own in corpora:
        about = [
            own.corpus or "(test texts)",
            str(own.texts),
            f"{own.iou:.3f}",
            f"{own.iou_low:.3f} to {own.iou_high:.3f}",
        ]
        for place, row in enumerate(own.sweep):
            heads = f"{row.heads} ({row.fraction:.0%})"
            if isinstance(row, Row):
                cost = [f"{row.increase:+.1%}", f"{row.low:+.1%} to {row.high:+.1%}"]
            else:
                cost = [f"{row.cosine:.4f}", f"{row.low:.4f} to {row.high:.4f}"]
            lines.append([*(about if place == 0 else [""] * len(about)), heads, *cost])
    console.print_table(columns, lines)
    for own in corpora:
        if own.in_run:
            console.print(
                f"{own.corpus}: {own.in_run} texts were left out, since they are the run's own", soft_wrap=True
            )
