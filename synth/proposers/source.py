"""Lays out a program's source: signature, hypothesis and summands, in lines that fit a screen."""

import re
import textwrap

_WIDTH = 112


def layout(signature: str, hypothesis: str, summands: list[str]) -> str:
    """A program's source of its parts."""
    return f'{_wrap(signature, "    " * 2)}\n    """{_docstring(hypothesis)}"""\n{_return(summands)}\n'


def _docstring(text: str) -> str:
    text = text[0].upper() + text[1:] + "."
    text = text.replace("\\", "\\\\")
    return "\n".join(textwrap.wrap(text, _WIDTH - 8, subsequent_indent="    ", break_long_words=False))


def _return(summands: list[str]) -> str:
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
