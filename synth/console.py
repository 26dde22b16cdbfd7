"""The one way to a terminal: text as it may be shown there, whoever wrote it, and tables that any width can hold.

Programs, answers, settings, file names and other libraries' errors may hold escape sequences, and a terminal may lack
characters; here the ones become visible escapes and the others backslash escapes, before the layout is worked out.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.padding import Padding
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from sandbox.plain_text import plain

_FOLDED = 20
"""Characters that a column of text needs to be readable; with less, a table becomes a list."""
_COLUMN_GAP = 2
_EDGES = 2
_INDENT = 2

Column = tuple[str, Literal["name", "figure", "text"]]
"""Its heading, and what stands in it: only text may be folded."""


class Terminal(Console):
    """Standard output or standard error, without Rich's markup: what is printed is never taken as an order."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False, markup=False, emoji=False)

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(self._shown(text), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=self._shown(segment.text))

    def print_table(self, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
        """Print rows as a table, or, where the terminal is too narrow for one, each row as a few lines of its own."""
        least = [self._least(column, [row[place] for row in rows]) for place, column in enumerate(columns)]
        if sum(least) + _COLUMN_GAP * len(columns) + _EDGES > self.width:
            self._print_list(columns, rows)
            return
        table = Table(box=box.SIMPLE_HEAD, collapse_padding=True)
        for heading, kind in columns:
            justify: Literal["left", "right"] = "right" if kind == "figure" else "left"
            table.add_column(heading, justify=justify, no_wrap=kind != "text", overflow="fold")
        for row in rows:
            table.add_row(*row)
        self.print(table)

    def _print_list(self, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
        headings = [heading.replace("\n", "") for heading, _ in columns]
        for row in rows:
            self.print(f"{headings[0]} {row[0]}" if columns[0][1] == "figure" else row[0])
            cells = [part for part in zip(headings, row, columns, strict=True) if part[1]][1:]
            figures = [f"{heading} {cell}" for heading, cell, (_, kind) in cells if kind != "text"]
            texts = [f"{heading}: {cell}" for heading, cell, (_, kind) in cells if kind == "text"]
            for line in [*self._together(figures), *texts]:
                self.print(Padding(line, (0, 0, 0, _INDENT)))
        self.print()

    def _together(self, parts: Sequence[str]) -> list[str]:
        """As many parts on a line as it holds, none of them broken."""
        lines: list[str] = []
        for part in parts:
            if lines and cell_len(self._shown(f"{lines[-1]}, {part},")) <= self.width - _INDENT:
                lines[-1] += f", {part}"
            else:
                lines.append(part)
        return [line + "," for line in lines[:-1]] + lines[-1:]

    def _least(self, column: Column, cells: Sequence[str]) -> int:
        """The width that a column must have."""
        heading, kind = column
        widest = max((cell_len(self._shown(cell)) for cell in cells), default=0)
        return min(widest, _FOLDED) if kind == "text" else max(widest, *map(cell_len, heading.split("\n")))

    def _shown(self, text: str) -> str:
        return plain(text).encode(self.encoding, "backslashreplace").decode(self.encoding)


def print_lines(text: str) -> None:
    """Print text to standard output without breaking its lines."""
    print(plain(text))


def print_document(document: object) -> None:
    """Print JSON to standard output, in ASCII without control characters."""
    print(json.dumps(document).replace("\x7f", "\\u007f"))  # the one that JSON does not escape
