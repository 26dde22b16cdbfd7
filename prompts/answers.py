"""Programs in what a model wrote, however it wrote them down. Nothing is run, and whether a program is one of ours
is for the parser to say: code with mistakes is handed on, so that they can be told to the model."""

import ast
import re
import textwrap
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Literal

from prompts.code_blocks import DEFINITION, Block, bare, fenced, in_json, inline, split_reasoning, unquoted
from sandbox.parsing import MAX_LENGTH, parsed
from sandbox.plain_text import one_line, valid

LONGEST_ANSWER = 200_000
"""Characters of the longest answer that is looked through: room for more programs than are ever asked for at once."""

_PARAMETERS = ("query", "key", "pair")
_SIGNATURE = re.compile(r"(?:async\s+)?def\s+\w+\s*\(\s*query\b[^,)]{0,80},\s*key\b[^,)]{0,80},\s*pair\b")
_STARTS_DEFINITION = re.compile(r"(?:async\s+)?def\s+\w+\s*\(")
_MAY_HELP = re.compile(r"(?:import|from|def|async)\b|@|[^=]*+=")
"""How statements begin that a program may need; words between programs mostly begin otherwise."""
_HELPERS = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.FunctionDef)
_CONTINUES = (")", "]", "}")  # lines at the margin that do not begin a statement
_MOST_PROGRAMS = 50
"""Programs that are read of one block, more than are ever asked for at once."""
_MOST_NEEDED = 2_000
"""Statements that are taken with a program: one that needs more of them is refused as too large in any case."""
_DEEPEST = 4  # blocks within blocks
_CHUNKS_JOINED = 20  # a docstring whose lines stand at the margin looks like so many statements
_MOST_PARSED = 2 * LONGEST_ANSWER
"""Characters of an answer that are handed to Python's parser, some of them over again."""
_EACH_PARSED = 20  # characters that are counted for a call of it, whatever it is handed


@dataclass(frozen=True)
class Flaw:
    """Why an answer holds no program, or what of it could not be used; ``reason`` is one line."""

    kind: Literal["too long", "empty", "no program", "truncated", "reasoning left open"]
    reason: str


@dataclass(frozen=True)
class Answer:
    """What an answer holds.

    Attributes:
        sources: programs, each with what it needs of its surroundings, without repeats, in order.
        flaws: why there is none, or what of the answer could not be used.
    """

    sources: list[str]
    flaws: list[Flaw]


class _TooLaborious(Exception):  # noqa: N818 - a verdict, not a mistake of ours
    """There is too much in an answer that might be code."""


class _Parser:
    """Python's parser for one answer, up to so many characters in all."""

    def __init__(self) -> None:
        self._left = _MOST_PARSED

    def parsed(self, code: str) -> ast.Module | None:
        """The syntax tree; None where there is none, or where the code is longer than a program may be.

        Raises:
            _TooLaborious: as many characters were handed to it as may be.
        """
        if len(code) > MAX_LENGTH:
            return None
        self._left -= len(code) + _EACH_PARSED
        if self._left < 0:
            raise _TooLaborious
        try:
            return parsed(code)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


@dataclass(frozen=True)
class _Statement:
    """A statement at the margin.

    Attributes:
        first: number of its first line in the code, from 0; ``end`` of the line after its last.
        goes_on: lines follow it in what was parsed.
    """

    node: ast.stmt
    first: int
    end: int
    goes_on: bool


@dataclass
class _Found:
    """Functions of the right signature, others in case there is none, and what could not be used."""

    programs: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)

    def add(self, more: "_Found") -> None:
        self.programs += more.programs
        self.others += more.others
        self.flaws += more.flaws

    def __bool__(self) -> bool:
        return bool(self.programs or self.others or self.flaws)


def programs_in(text: str, finish_reason: str = "stop") -> Answer:
    """Read an answer: fenced, in JSON or bare, one program or several, whole or cut off.

    It takes no more than about a second, whatever strangers wrote. That follows from how it is read, since neither
    patterns nor Python's parser can be interrupted: an answer has ``LONGEST_ANSWER`` characters at most, every pattern
    and every scan takes time linear in them, and what is parsed, once or over again, has ``_MOST_PARSED`` in all.

    Args:
        finish_reason: ``length`` says that the limit of tokens cut the answer off; what was complete is used.
    """
    if len(text) > LONGEST_ANSWER:
        return Answer([], [Flaw("too long", f"the answer has over {LONGEST_ANSWER:,} characters, which is the limit")])
    try:
        return _programs_in(text, finish_reason)
    except _TooLaborious:
        why = f"of its {len(text):,} characters too many look like code; over {_MOST_PARSED:,} would be parsed"
        return Answer([], [Flaw("too long", why)])


def _programs_in(text: str, finish_reason: str) -> Answer:
    limited = finish_reason == "length"
    parser = _Parser()
    if not text.strip():
        ended = f", and ended by {one_line(finish_reason, 40)}" if finish_reason not in ("", "stop") else ""
        why = "the limit of answer tokens was spent before any text" if limited else f"the answer holds no text{ended}"
        return Answer([], [Flaw("empty", why)])
    parts = split_reasoning(_plain_lines(text))
    found = _read(parts.outside, parser, limited and not parts.left_open)
    sources = _distinct(found.programs or found.others)
    flaws = found.flaws
    if not sources and not parts.left_open and DEFINITION.search(parts.inside):
        # Nothing was said after the thinking; its last draft is what the model arrived at.
        drafts = _read(parts.inside, parser, limited=False)
        sources = _distinct(drafts.programs or drafts.others)[-1:]
    if not sources and not flaws:
        flaws = [_nothing(parts.outside, limited, parts.left_open)]
    return Answer(sources, flaws)


def _nothing(said: str, limited: bool, left_open: bool) -> Flaw:
    if left_open:
        why = ", and the limit of answer tokens was spent on it" if limited else ""
        return Flaw("reasoning left open", f"the reasoning never ends{why}")
    if not said.strip():
        return Flaw("empty", "nothing follows the reasoning")
    if limited:
        return Flaw("truncated", "the limit of answer tokens was spent before a program began")
    return Flaw("no program", f"no function in the answer, which begins: {one_line(said[:80])}")


def _plain_lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _distinct(sources: list[str]) -> list[str]:
    # In an answer's JSON half of a character may be written as an escape.
    return list(dict.fromkeys(map(valid, sources)))


def _read(text: str, parser: _Parser, limited: bool) -> _Found:
    """Look where code is likeliest first, and elsewhere only when there is none."""
    text = unquoted(text)
    found = _in_blocks(in_json(text, anywhere=False), parser, limited)
    if not found:
        found = _in_blocks([block for block in fenced(text) if DEFINITION.search(block.code)], parser, limited)
    if not found:
        found = _in_blocks(in_json(text, anywhere=True), parser, limited)
    if not found and re.search(r"^[ \t]*(?:async\s+)?def\s", text, re.MULTILINE):
        found = _in_code(bare(text), parser, cut=limited, limited=limited)
    if not found:
        found = _in_blocks(inline(text), parser, limited)
    if not found and (start := _SIGNATURE.search(text)):
        found = _in_code(text[start.start() :].lstrip(), parser, cut=limited, limited=limited)
    return found


def _in_blocks(blocks: list[Block], parser: _Parser, limited: bool, deep: int = 1) -> _Found:
    found = _Found()
    for block in blocks[:_MOST_PROGRAMS]:
        # JSON in a fence, a fence in JSON, a fence in a longer fence: each is shorter than what it stands in.
        within = (in_json(block.code, anywhere=False) or fenced(block.code)) if deep < _DEEPEST else []
        within = [inner for inner in within if DEFINITION.search(inner.code) and len(inner.code) < len(block.code)]
        if within:
            parts = [Block(inner.code, inner.cut and block.cut) for inner in within]
            found.add(_in_blocks(parts, parser, limited, deep + 1))
        else:
            found.add(_in_code(textwrap.dedent(_plain_lines(block.code)), parser, block.cut, limited))
    return found


def _in_code(code: str, parser: _Parser, cut: bool, limited: bool) -> _Found:
    """Programs in a block of code, with sentences between them perhaps.

    Args:
        cut: the block may break off before its end.
    """
    found = _Found()
    tree = parser.parsed(code)
    if tree is None and "\\n" in code:
        escaped = code.replace("\\n", "\n").replace('\\"', '"').replace("\\t", "\t")
        tree = parser.parsed(escaped)
        code = code if tree is None else escaped
    kept = code
    if tree is not None:
        statements = _statements(tree, code, 0)
    else:
        statements, broken = _mended(code, parser)
        kept = _lines_of(statements, code.split("\n"))
        if cut and broken and broken[-1].last:
            broken.pop()
            found.flaws.append(_truncated(limited))
            cut = False
        for chunk in broken:
            (found.programs if _SIGNATURE.match(chunk.code) else found.others).append(_tidy(chunk.code))
    if cut and statements and _breaks_off(statements[-1], limited):
        found.flaws.append(_truncated(limited))
        statements.pop()
    found.programs += _with_helpers(statements, code)
    if not found and DEFINITION.search(code):
        found.others.append(_tidy(kept if DEFINITION.search(kept) else code))
    return found


def _truncated(limited: bool) -> Flaw:
    by = "the limit of answer tokens" if limited else "the end of the answer"
    return Flaw("truncated", f"a program was cut off by {by}")


def _is_program(function: ast.stmt) -> bool:
    if not isinstance(function, ast.FunctionDef):
        return False
    names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    return tuple(names[:3]) == _PARAMETERS


def _breaks_off(last: _Statement, limited: bool) -> bool:
    """Whether something may be missing from the last statement of a block that may break off, if it is a function."""
    return isinstance(last.node, ast.FunctionDef) and not (_returns(last.node.body) and (last.goes_on or not limited))


def _returns(body: list[ast.stmt]) -> bool:
    last = body[-1]
    if isinstance(last, ast.If):
        return bool(last.orelse) and _returns(last.body) and _returns(last.orelse)
    return isinstance(last, ast.Return | ast.Raise)


def _statements(tree: ast.Module, code: str, first: int) -> list[_Statement]:
    """The statements of a tree whose code begins in the line of number ``first``."""
    lines = code.count("\n") + 1
    found = []
    for node in tree.body:
        decorators = getattr(node, "decorator_list", [])
        start = min([node.lineno, *(decorator.lineno for decorator in decorators)])
        end = node.end_lineno or node.lineno
        found.append(_Statement(node, first + start - 1, first + end, goes_on=end < lines))
    return found


@dataclass(frozen=True)
class _Chunk:
    """Lines from one at the margin to the next such line; ``first`` is the number of the first, from 0."""

    code: str
    first: int


@dataclass(frozen=True)
class _Broken:
    """A definition that does not parse; ``last`` when nothing that can be used follows it."""

    code: str
    last: bool


def _mended(code: str, parser: _Parser) -> tuple[list[_Statement], list[_Broken]]:
    """Code of which a part does not parse, or that has sentences in it: the good statements, and bad definitions."""
    chunks = _chunks(code)
    good: list[_Statement] = []
    bad: list[int] = []
    at = 0
    while at < len(chunks):
        chunk, used = chunks[at], 1
        if _STARTS_DEFINITION.match(chunk.code):
            joined = chunk.code
            tree = parser.parsed(joined)
            while tree is None and used < _CHUNKS_JOINED and at + used < len(chunks):
                if _STARTS_DEFINITION.match(chunks[at + used].code):
                    break
                joined += "\n" + chunks[at + used].code
                used += 1
                tree = parser.parsed(joined)
            if tree is None:
                used = 1
                bad.append(at)
            else:
                good += _statements(tree, joined, chunk.first)
        elif _MAY_HELP.match(chunk.code):
            tree = parser.parsed(chunk.code)
            if tree is not None and all(isinstance(statement, _HELPERS) for statement in tree.body):
                good += _statements(tree, chunk.code, chunk.first)
        at += used
    # An unfinished string swallows what follows, so a broken definition counts as the last if no definition follows.
    last = max((place for place, chunk in enumerate(chunks) if _STARTS_DEFINITION.match(chunk.code)), default=0)
    return good, [_Broken(chunks[place].code, last=place == last) for place in bad]


def _chunks(code: str) -> list[_Chunk]:
    """Lines in groups, each from a line at the margin to the next such line."""
    groups: list[tuple[int, list[str]]] = []
    for number, line in enumerate(code.split("\n")):
        at_margin = line[:1].strip() != "" and not line.startswith(_CONTINUES)
        decorated = bool(groups) and groups[-1][1][-1].startswith("@")
        if not groups or (at_margin and not decorated):
            groups.append((number, []))
        groups[-1][1].append(line)
    return [_Chunk("\n".join(lines), first) for first, lines in groups]


def _with_helpers(statements: list[_Statement], code: str) -> list[str]:
    """Programs, each with the functions, constants and imports of its block that it uses, and nothing else."""
    lines = code.split("\n")
    defined: dict[str, list[int]] = {}
    for place, statement in enumerate(statements):
        for name in _defined(statement.node):
            defined.setdefault(name, []).append(place)
    programs = [place for place, statement in enumerate(statements) if _is_program(statement.node)]
    used: dict[int, list[str]] = {}
    found = []
    for program in programs[:_MOST_PROGRAMS]:
        name_of_program = statements[program].node.name  # type: ignore[attr-defined]
        needed: set[int] = set()
        waiting = [program]
        while waiting and len(needed) < _MOST_NEEDED:
            place = waiting.pop()
            if place in needed:
                continue
            needed.add(place)
            if place not in used:
                used[place] = sorted(_used(statements[place].node))
            for name in used[place]:
                others = defined.get(name, [])
                if name != name_of_program and others:
                    # The latest before the statement, or else the last of all.
                    waiting.append(others[bisect_left(others, place) - 1])
        found.append(_tidy(_lines_of([statements[place] for place in sorted(needed)], lines)))
    return found


def _lines_of(statements: list[_Statement], lines: list[str]) -> str:
    """Statements as they are written; those that share lines, or say the same, once."""
    spans = dict.fromkeys((statement.first, statement.end) for statement in statements)
    return "\n\n".join(dict.fromkeys("\n".join(lines[first:end]) for first, end in spans))


def _used(statement: ast.stmt) -> set[str]:
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}


def _defined(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.FunctionDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).split(".")[0] for alias in statement.names}
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        return {
            node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
    return set()


def _tidy(source: str) -> str:
    return "\n".join(line.rstrip() for line in source.strip("\n").split("\n")).rstrip() + "\n"
