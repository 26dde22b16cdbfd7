"""Text that strangers wrote, as it may be stored, shown on a terminal and written to files."""

import re

HALVES = re.compile("[\ud800-\udfff]")
"""Halves of characters, which JSON and Python's literals can carry and UTF-8 cannot."""
_COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What a terminal or an editor takes as an order: control characters other than tab and line feed, and marks that
change the direction of writing."""


def valid(text: str) -> str:
    """The text with U+FFFD in the place of halves of characters."""
    return HALVES.sub("\ufffd", text)


def plain(text: str) -> str:
    """The valid text with characters that command a terminal written as escapes; lines and tabs stay.

    Line ends of other kinds become line feeds.
    """
    lines = valid(text).replace("\r\n", "\n").replace("\r", "\n")
    return _COMMANDS.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), lines)


def command_in(text: str) -> re.Match[str] | None:
    """The first character that commands a terminal, if there is one."""
    return _COMMANDS.search(text)


def one_line(text: str, longest: int = 200) -> str:
    """A plain text as part of a message: white space as single spaces, at most ``longest`` characters.

    Of a longer one the middle is left out: who wrote a reason says what is wrong first, and what to do last.
    """
    line = " ".join(text.split())
    if len(line) > 2 * longest:
        line = line[:longest] + line[-longest:]  # what will not be shown is left alone: it may be megabytes
    line = plain(line)
    if len(line) <= longest:
        return line
    end = longest // 3
    return line[: longest - 1 - end] + "…" + line[len(line) - end :]
