"""What ``headsynth evaluate`` prints of an encoder that has no masked-language head."""

from collections.abc import Sequence

from evaluation.orders import ORDERS
from synth.commands.corpora import print_corpora
from synth.commands.kept_heads import print_kept
from synth.console import Column, Terminal
from synth.evaluation_rows import EmbeddingEvaluation, EmbeddingRow


def print_embeddings(model: str, found: EmbeddingEvaluation) -> None:
    """Print how alike embeddings stay with heads replaced, and whether texts keep their nearest neighbours."""
    console = Terminal()
    console.print(
        f"{model}: embeddings of {found.texts} test texts (the mean of a text's last hidden states) beside those of "
        "the model as it is. A text keeps its neighbour if the nearest one by cosine is the same text as before.",
        soft_wrap=True,
    )
    console.print(
        "Heads are replaced by their programs, or by what explains nothing: uniform (every visible key alike), first "
        "(all on the first token), zero (no output)."
    )
    orders = {name: f"Heads replaced, {told}" for name, told in ORDERS.items()}
    for order in dict.fromkeys(row.order for row in found.sweep):
        console.print(f"\n{orders[order]}", soft_wrap=True)  # type: ignore[index]
        _print_rows(console, [row for row in found.sweep if row.order == order])
    if found.controls:
        console.print(f"\nControls at {found.controls_fraction:.0%} of the heads")
        _print_rows(console, found.controls)
    if found.corpora:
        print_corpora(console, found.corpora, None)
    for line in found.left_out:
        console.print(f"left out: {line}")
    print_kept(console, [*found.sweep, *found.controls, *(row for own in found.corpora for row in own.sweep)])


def _print_rows(console: Terminal, rows: Sequence[EmbeddingRow]) -> None:
    columns: list[Column] = [
        ("heads", "figure"), ("replacement", "name"), ("cosine", "figure"), ("95 %", "figure"),
        ("neighbours kept", "figure"), ("95 %", "figure"),
    ]  # fmt: skip
    lines = [
        [
            f"{row.heads} ({row.fraction:.0%})", row.replacement, f"{row.cosine:.4f}",
            f"{row.low:.4f} to {row.high:.4f}", f"{row.neighbour:.0%}",
            f"{row.neighbour_low:.0%} to {row.neighbour_high:.0%}",
        ]
        for row in rows
    ]  # fmt: skip
    console.print_table(columns, lines)
