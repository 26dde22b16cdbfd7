"""The tables of ``headsynth evaluate --corpus``: the same programs on several corpora."""

from collections.abc import Sequence

from synth.console import Column, Terminal
from synth.evaluation_rows import EmbeddingRow, Measure, OnCorpus, Row


def print_corpora(console: Terminal, corpora: Sequence[OnCorpus], measure: Measure | None) -> None:
    """Print how alike programs and heads are on each corpus, and what replacing heads costs there.

    Args:
        measure: what grows with heads replaced; None where embeddings are compared.
    """
    names = [own.corpus or "(test texts)" for own in corpora]
    console.print("\nIoU of the programs on texts that they were not found on, read and cut as the run's own")
    of_model: list[Column] = [(measure, "figure")] if measure else []
    about: list[Column] = [
        ("corpus", "name"), ("texts", "figure"), ("left out", "figure"), *of_model, ("IoU", "figure"),
        ("95 %", "figure"),
    ]  # fmt: skip
    lines = [
        [
            name, str(own.texts), str(own.in_run or ""), *_of_model(own.sweep[0]), f"{own.iou:.3f}",
            f"{own.iou_low:.3f} to {own.iou_high:.3f}",
        ]
        for name, own in zip(names, corpora, strict=True)
    ]  # fmt: skip
    console.print_table(about, lines)
    if any(own.in_run for own in corpora):
        console.print("Texts that were left out are the run's own.")
    cost = f"Increase in {measure}" if measure else "Cosine with the embeddings of the model as it is"
    console.print(f"\n{cost} there, with heads replaced in the order {corpora[0].sweep[0].order}")
    columns: list[Column] = [
        ("corpus", "name"), ("heads", "figure"), ("increase" if measure else "cosine", "figure"), ("95 %", "figure"),
    ]  # fmt: skip
    rows = [(name, row) for name, own in zip(names, corpora, strict=True) for row in own.sweep]
    console.print_table(columns, [[name, f"{row.heads} ({row.fraction:.0%})", *_figures(row)] for name, row in rows])


def _of_model(row: Row | EmbeddingRow) -> list[str]:
    return [f"{row.baseline_perplexity:.3f}"] if isinstance(row, Row) else []


def _figures(row: Row | EmbeddingRow) -> list[str]:
    if isinstance(row, Row):
        return [f"{row.increase:+.1%}", f"{row.low:+.1%} to {row.high:+.1%}"]
    return [f"{row.cosine:.4f}", f"{row.low:.4f} to {row.high:.4f}"]
