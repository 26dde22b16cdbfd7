"""Says that programs failed, and heads computed their own patterns in their stead."""

from synth.console import Terminal


def print_kept(console: Terminal, most: int) -> None:
    """Print a line if there were any.

    Args:
        most: (text, head) pairs behind one of the figures that were printed.
    """
    if most:
        console.print(
            f"Programs failed on some texts, where their heads computed their own patterns: up to {most} times "
            "(a text and a head each) behind one figure; --json tells behind which.",
            soft_wrap=True,
        )
