"""Lays out a program's source: signature, hypothesis and summands, in lines that fit a screen."""

import re
import textwrap
from collections.abc import Mapping, Sequence

from surrogates.language.program import format_constant

_WIDTH = 112


def layout(
    constants: Mapping[str, float], hypothesis: str, summands: Sequence[str], assignments: Sequence[str] = ()
) -> str:
    """A program's source.

    Args:
        constants: parameters with their values.
        assignments: to local names, which come before the sum.
    """
    given = "".join(f", {name}={format_constant(value)}" for name, value in constants.items())
    lines = [
        _wrap(f"def attend(query, key, pair{given}):", "    " * 2),
        f'    """{docstring(hypothesis)}"""',
        *(_wrap(f"    {line}", "    " * 2) for line in assignments),
        _return(summands),
    ]
    return "\n".join(lines) + "\n"


def docstring(hypothesis: str) -> str:
    """A hypothesis as it stands between the quotation marks, in lines."""
    text = hypothesis[0].upper() + hypothesis[1:].rstrip(".") + "."
    text = text.replace("\\", "\\\\").replace('"""', "'''")
    return "\n".join(textwrap.wrap(text, _WIDTH - 8, subsequent_indent="    ", break_long_words=False))


def _return(summands: Sequence[str]) -> str:
    if len(summands) == 1 and len(summands[0]) < _WIDTH - 12:
        return f"    return {summands[0]}"
    lines = [_wrap(f"        {'+ ' if place else ''}{text}", "            ") for place, text in enumerate(summands)]
    return "    return (\n" + "\n".join(lines) + "\n    )"


def _wrap(line: str, indent: str) -> str:
    """Break a long line after commas that stand outside string literals."""
    pieces = re.split(r'(?<=,) (?=(?:[^"\\]|\\.|"(?:[^"\\]|\\.)*")*$)', line)
    rows = [pieces[0]]
    for piece in pieces[1:]:
        if len(rows[-1]) + len(piece) + 1 > _WIDTH:
            rows.append(indent + piece)
        else:
            rows[-1] += " " + piece
    return "\n".join(rows)


def repr_string(text: str) -> str:
    """A double-quoted Python literal."""
    inner = repr(text)[1:-1]
    if repr(text)[0] == "'":
        inner = inner.replace("\\'", "'").replace('"', '\\"')
    return f'"{inner}"'
