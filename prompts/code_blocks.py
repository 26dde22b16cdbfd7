"""Where code is in an answer: in fences, in JSON, or bare between sentences; and which part of it is reasoning."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

# No word boundary in front: in JSON the letter of an escaped line break stands there.
DEFINITION = re.compile(r"def\s+\w+\s*\(")

_TAGS = r"(?:think|thinking|thought|reasoning|reason)"
# Between two quotes or backticks a tag is quoted, be it as a token that a program asks for.
_OPEN = re.compile(rf"(?<![\"'`])<{_TAGS}>|<{_TAGS}>(?![\"'`])", re.IGNORECASE)
_CLOSE = re.compile(rf"(?<![\"'`])</{_TAGS}>|</{_TAGS}>(?![\"'`])", re.IGNORECASE)

_LINE_IS_FENCE = re.compile(r"[\s*+-]*(?:\d+[.)]\s+)?(?P<mark>`{3,}+|~{3,}+)[^`]*+")
_LINE_ENDS_IN_FENCE = re.compile(
    r"(?:(?!```|~~~).)*(?P<mark>`{3,}+|~{3,}+)[ \t]*+(?:[\w+#.-]++[ \t]*+)?"
)  # "Here it is: ```python"
_LANGUAGE = re.compile(r"[ \t]*(?:python3?|py|json)[ \t]*", re.IGNORECASE)
_INLINE = re.compile(r"(?<!`)(`{1,3})(?:python\b|py\b)?\s*((?:async )?def [^`\n]+)\1(?!`)")

_JSON_START = re.compile(r"[\[{]\s*[\"\[{]")
_JSON_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_JSON_STARTS_TRIED = 50  # so that a text of nothing but brackets is not decoded from each


@dataclass(frozen=True)
class Block:
    """Some code.

    Attributes:
        cut: the answer ends before the block does.
    """

    code: str
    cut: bool


@dataclass(frozen=True)
class Parts:
    """An answer apart from its reasoning.

    Attributes:
        outside: what is said.
        inside: what is thought, in reasoning that was closed.
        left_open: reasoning begins and never ends; ``outside`` stops where it begins.
    """

    outside: str
    inside: str
    left_open: bool


def split_reasoning(text: str) -> Parts:
    """Tell what a model says from what it thinks between ``<think>`` and ``</think>``, or tags of like names."""
    said: list[str] = []
    thought: list[str] = []
    at = 0
    while opening := _OPEN.search(text, at):
        said.append(text[at : opening.start()])
        closing = _CLOSE.search(text, opening.end())
        if closing is None:
            return Parts(_after_stray_close(said, thought), "\n".join(thought), left_open=True)
        thought.append(text[opening.end() : closing.start()])
        at = closing.end()
    said.append(text[at:])
    return Parts(_after_stray_close(said, thought), "\n".join(thought), left_open=False)


def _after_stray_close(said: list[str], thought: list[str]) -> str:
    """What follows the last closing tag without an opening one, which chat templates put into the prompt."""
    text = "\n".join(said)
    closings = list(_CLOSE.finditer(text))
    if not closings:
        return text
    thought.append(text[: closings[-1].start()])
    return text[closings[-1].end() :]


def unquoted(text: str) -> str:
    """A text without the marks of a quotation, if it quotes code."""
    if not re.search(r"^[ \t]*>[ \t]*(?:```|~~~|def\s)", text, re.MULTILINE):
        return text
    return re.sub(r"^[ \t]*> ?", "", text, flags=re.MULTILINE)


def fenced(text: str) -> list[Block]:
    """What stands between fences of backticks or tildes."""
    blocks: list[Block] = []
    mark = ""
    lines: list[str] = []
    for line in text.split("\n"):
        if not mark:
            opening = _LINE_IS_FENCE.fullmatch(line) or _LINE_ENDS_IN_FENCE.fullmatch(line)
            if opening:
                mark, lines = opening["mark"], []
            continue
        content, ends, rest = line.rstrip().partition(mark)
        if ends and (not content.strip() or not rest.strip(mark[0])):
            if content.strip():
                lines.append(content)  # the fence stands behind the last line of code
            blocks.append(Block("\n".join(lines), cut=False))
            # A fence with a language begins a block: the one before was not closed.
            mark, lines = (mark if _LANGUAGE.fullmatch(rest) else ""), []
        else:
            lines.append(line)
    if mark:
        blocks.append(Block("\n".join(lines), cut=True))
    return blocks


def inline(text: str) -> list[Block]:
    """Functions of one line between backticks."""
    return [Block(found[2], cut=False) for found in _INLINE.finditer(text)]


def bare(text: str) -> str:
    """A text with the indentation of its first function taken off every line."""
    found = re.search(r"^([ \t]+)(?:async )?def\s", text, re.MULTILINE)
    if found is None:
        return text
    indent = found[1]
    return "\n".join(line.removeprefix(indent) for line in text.split("\n"))


def in_json(text: str, *, anywhere: bool) -> list[Block]:
    """Strings with a function in them, of a JSON value that need not be whole.

    Args:
        anywhere: the value may stand between other words; otherwise it is all there is.
    """
    text = text.strip()
    decoder = json.JSONDecoder(strict=False)  # models leave line breaks in strings as they are
    if not anywhere:
        if text[:1] not in ('"', "{", "["):
            return []
        try:
            value, end = decoder.raw_decode(text)
        except (ValueError, RecursionError):
            return _strings_of_broken(text) if _JSON_START.match(text) else []
        return [Block(string, cut=False) for string in _strings(value)] if not text[end:].strip() else []
    blocks: list[Block] = []
    at = 0
    for _ in range(_JSON_STARTS_TRIED):
        start = _JSON_START.search(text, at)
        if start is None:
            break
        try:
            value, at = decoder.raw_decode(text, start.start())
        except (ValueError, RecursionError):
            at = start.start() + 1
            continue
        blocks += [Block(string, cut=False) for string in _strings(value)]
    if not blocks and (start := _JSON_START.search(text)):
        return _strings_of_broken(text[start.start() :])
    return blocks


def _strings(value: object) -> Iterator[str]:
    """Strings with a function in them, in the order in which they stand."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str) and DEFINITION.search(value):
            yield value
        elif isinstance(value, dict):
            waiting += reversed(value.values())
        elif isinstance(value, list):
            waiting += reversed(value)


def _strings_of_broken(text: str) -> list[Block]:
    """Whole strings of JSON that cannot be decoded, and the one that it breaks off in."""
    blocks = []
    end = 0
    # Not by `finditer`: past a string that never ends it would try every quotation mark anew.
    while (start := text.find('"', end)) >= 0 and (found := _JSON_STRING.match(text, start)):
        end = found.end()
        string = _decoded(found[1])
        if string is not None and DEFINITION.search(string):
            blocks.append(Block(string, cut=False))
    _, quote, rest = text[end:].partition('"')
    string = _decoded(re.sub(r"\\(?:u[0-9a-fA-F]{0,3})?$", "", rest)) if quote else None
    if string is not None and DEFINITION.search(string):
        blocks.append(Block(string, cut=True))
    return blocks


def _decoded(inner: str) -> str | None:
    try:
        return json.loads(f'"{inner}"', strict=False)
    except ValueError:
        return None
