"""``headsynth generate``: what a model writes with heads replaced, beside what it writes as it is."""

import sys
from dataclasses import asdict
from pathlib import Path

from rich.table import Table
from rich.text import Text

from sandbox.plain_text import valid
from surrogates.errors import InputError
from surrogates.running.plan import OnError
from synth.console import Terminal, print_document
from synth.continuations import Continuations, Row
from synth.generating import generate
from synth.progress import Reporter
from synth.run import open_run


def show_continuations(
    path: Path,
    prompt: str,
    fraction: float,
    assignment: str,
    max_new_tokens: int,
    temperature: float,
    seed: int,
    device: str,
    on_error: OnError,
    reporter: Reporter,
    *,
    as_json: bool,
) -> None:
    """Print both continuations of a prompt, what they have in common once, and mark where they part.

    Args:
        path: the run directory.
        prompt: or ``-`` for standard input.

    Raises:
        InputError: see :func:`synth.generating.generate`; or standard input is no text.
    """
    if prompt == "-":
        prompt = _standard_input()
    with open_run(path) as run:
        found = generate(
            run, prompt, fraction, assignment=assignment, max_new_tokens=max_new_tokens, temperature=temperature,
            seed=seed, device=device, on_error=on_error, reporter=reporter,
        )  # fmt: skip
    if as_json:
        print_document(_document(found))
    else:
        _print(found)


def _standard_input() -> str:
    try:
        text = sys.stdin.read()
    except UnicodeDecodeError as error:
        raise InputError(f"standard input is no text in the encoding {error.encoding}; give it one that is") from error
    if valid(text) != text:  # bytes that are no text came in as halves of characters
        raise InputError("standard input is no text in UTF-8; give it one that is")
    return text.removesuffix("\n")  # which `echo` and editors put there


def _document(found: Continuations) -> dict:
    return asdict(found) | {"heads": [str(head) for head in found.heads], "speed": found.speed}


def _print(found: Continuations) -> None:
    console = Terminal()
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for row in found.rows:
        table.add_row(row.name, _text(console, row))
    console.print(table)
    console.print()
    console.print(found.figures)
    if found.kept_neural:
        console.print(
            f"Programs failed {found.kept_neural} times (a head and a forward pass each), where their heads computed "
            "their own patterns."
        )


def _text(console: Terminal, row: Row) -> Text:
    """The row's text with its mark, in brackets where a terminal shows no styles."""
    styled = console.color_system is not None
    mark = console.render_str(row.marked if styled or not row.marked else f"⟨{row.marked}⟩")
    mark.stylize("bold underline")
    return console.render_str(row.before) + mark + console.render_str(row.after)
