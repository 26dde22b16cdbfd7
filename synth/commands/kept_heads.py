"""Says that programs failed, and heads computed their own patterns in their stead."""

from collections.abc import Iterable
from typing import Protocol

from synth.console import Terminal


class Figures(Protocol):
    """Figures behind which heads may have computed their own patterns."""

    @property
    def kept_neural(self) -> int: ...


def print_kept(console: Terminal, rows: Iterable[Figures]) -> None:
    """Print a line if there were any."""
    if most := max(row.kept_neural for row in rows):
        console.print(
            f"Programs failed on some texts, where their heads computed their own patterns: up to {most} times "
            "(a text and a head each) behind one figure; --json tells behind which.",
            soft_wrap=True,
        )
