"""The tables of ``headsynth evaluate --corpus``: the same programs on several corpora."""

from collections.abc import Sequence

from synth.console import Column, Terminal
from synth.evaluation_rows import EmbeddingRow, OnCorpus, Row


def print_corpora(console: Terminal, corpora: Sequence[OnCorpus], cost: str) -> None:
    """Print how alike programs and heads are on each corpus, and what replacing heads costs there.

    Args:
        cost: what grows with heads replaced, or becomes of embeddings.
    """
    names = [own.corpus or "(test texts)" for own in corpora]
    console.print("\nIoU of the programs on texts that they were not found on, read and cut as the run's own")
    about: list[Column] = [
        ("corpus", "name"), ("texts", "figure"), ("left out", "figure"), ("IoU", "figure"), ("95 %", "figure")
    ]  # fmt: skip
    lines = [
        [name, str(own.texts), str(own.in_run or ""), f"{own.iou:.3f}", f"{own.iou_low:.3f} to {own.iou_high:.3f}"]
        for name, own in zip(names, corpora, strict=True)
    ]
    console.print_table(about, lines)
    if any(own.in_run for own in corpora):
        console.print("Texts that were left out are the run's own.")
    noun = "increase" if isinstance(corpora[0].sweep[0], Row) else "cosine"
    console.print(f"\n{cost} there, with heads replaced in the order {corpora[0].sweep[0].order}")
    columns: list[Column] = [("corpus", "name"), ("heads", "figure"), (noun, "figure"), ("95 %", "figure")]
    rows = [(name, row) for name, own in zip(names, corpora, strict=True) for row in own.sweep]
    console.print_table(columns, [[name, f"{row.heads} ({row.fraction:.0%})", *_figures(row)] for name, row in rows])


def _figures(row: Row | EmbeddingRow) -> list[str]:
    if isinstance(row, Row):
        return [f"{row.increase:+.1%}", f"{row.low:+.1%} to {row.high:+.1%}"]
    return [f"{row.cosine:.4f}", f"{row.low:.4f} to {row.high:.4f}"]
