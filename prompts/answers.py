"""Programs in what a model wrote, however it wrote them down. Nothing is run, and whether a program is one of ours
is for the parser to say: code with mistakes is handed on, so that they can be told to the model."""

import ast
import re
import textwrap
import warnings
from dataclasses import dataclass, field
from typing import Literal

from prompts.code_blocks import DEFINITION, Block, bare, fenced, in_json, inline, split_reasoning, unquoted
from sandbox.plain_text import one_line, valid

LONGEST_ANSWER = 200_000
"""Characters of the longest answer that is looked through: room for more programs than are ever asked for at once."""

_PARAMETERS = ("query", "key", "pair")
_SIGNATURE = re.compile(r"(?:async\s+)?def\s+\w+\s*\(\s*query\b[^,)]{0,80},\s*key\b[^,)]{0,80},\s*pair\b")
_STARTS_DEFINITION = re.compile(r"(?:async\s+)?def\s+\w+\s*\(")
_CONTINUES = (")", "]", "}")  # lines at the margin that do not begin a statement
_MOST_PROGRAMS = 50
"""Programs that are read of one block, more than are ever asked for at once."""
_DEEPEST = 4  # blocks within blocks
_CHUNKS_JOINED = 20  # a docstring whose lines stand at the margin looks like so many statements


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

    Args:
        finish_reason: ``length`` says that the limit of tokens cut the answer off; what was complete is used.
    """
    if len(text) > LONGEST_ANSWER:
        return Answer([], [Flaw("too long", f"the answer has over {LONGEST_ANSWER:,} characters")])
    limited = finish_reason == "length"
    if not text.strip():
        ended = f", and ended by {one_line(finish_reason, 40)}" if finish_reason not in ("", "stop") else ""
        why = "the limit of answer tokens was spent before any text" if limited else f"the answer holds no text{ended}"
        return Answer([], [Flaw("empty", why)])
    parts = split_reasoning(_plain_lines(text))
    found = _read(parts.outside, limited and not parts.left_open)
    sources = _distinct(found.programs or found.others)
    flaws = found.flaws
    if not sources and not parts.left_open and DEFINITION.search(parts.inside):
        # Nothing was said after the thinking; its last draft is what the model arrived at.
        drafts = _read(parts.inside, limited=False)
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


def _read(text: str, limited: bool) -> _Found:
    """Look where code is likeliest first, and elsewhere only when there is none."""
    text = unquoted(text)
    found = _in_blocks(in_json(text, anywhere=False), limited)
    if not found:
        found = _in_blocks([block for block in fenced(text) if DEFINITION.search(block.code)], limited)
    if not found:
        found = _in_blocks(in_json(text, anywhere=True), limited)
    if not found and re.search(r"^[ \t]*(?:async\s+)?def\s", text, re.MULTILINE):
        found = _in_code(bare(text), cut=limited, limited=limited)
    if not found:
        found = _in_blocks(inline(text), limited)
    if not found and (start := _SIGNATURE.search(text)):
        found = _in_code(text[start.start() :].lstrip(), cut=limited, limited=limited)
    return found


def _in_blocks(blocks: list[Block], limited: bool, deep: int = 1) -> _Found:
    found = _Found()
    for block in blocks[:_MOST_PROGRAMS]:
        # JSON in a fence, a fence in JSON, a fence in a longer fence: each is shorter than what it stands in.
        within = (in_json(block.code, anywhere=False) or fenced(block.code)) if deep < _DEEPEST else []
        within = [inner for inner in within if DEFINITION.search(inner.code) and len(inner.code) < len(block.code)]
        if within:
            found.add(_in_blocks([Block(inner.code, inner.cut and block.cut) for inner in within], limited, deep + 1))
        else:
            found.add(_in_code(textwrap.dedent(_plain_lines(block.code)), block.cut, limited))
    return found


def _in_code(code: str, cut: bool, limited: bool) -> _Found:
    """Programs in a block of code, with sentences between them perhaps.

    Args:
        cut: the block may break off before its end.
    """
    found = _Found()
    tree = _parsed(code)
    if tree is None and "\\n" in code:
        escaped = code.replace("\\n", "\n").replace('\\"', '"').replace("\\t", "\t")
        tree = _parsed(escaped)
        code = code if tree is None else escaped
    whole = code
    if tree is None:
        code, broken = _mended(code)
        tree = _parsed(code) or ast.Module([], [])
        if cut and broken and broken[-1].last:
            broken.pop()
            found.flaws.append(_truncated(limited))
            cut = False
        for chunk in broken:
            (found.programs if _SIGNATURE.match(chunk.code) else found.others).append(_tidy(chunk.code))
    statements = tree.body
    programs = [s for s in statements if isinstance(s, ast.FunctionDef) and _is_program(s)][:_MOST_PROGRAMS]
    if (
        cut
        and statements
        and isinstance(last := statements[-1], ast.FunctionDef)
        and not _complete(last, code, limited)
    ):
        found.flaws.append(_truncated(limited))
        programs = [program for program in programs if program is not last]
        statements = statements[:-1]
    found.programs += _with_helpers(programs, statements, code)
    if not found and DEFINITION.search(whole):
        found.others.append(_tidy(code if DEFINITION.search(code) else whole))
    return found


def _truncated(limited: bool) -> Flaw:
    by = "the limit of answer tokens" if limited else "the end of the answer"
    return Flaw("truncated", f"a program was cut off by {by}")


def _parsed(code: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes in strings that Python does not know
            return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _is_program(function: ast.FunctionDef) -> bool:
    names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    return tuple(names[:3]) == _PARAMETERS


def _complete(function: ast.FunctionDef, code: str, limited: bool) -> bool:
    """Whether nothing is missing from the last function of a block that may break off."""
    lines = code.split("\n")
    goes_on = function.end_lineno is not None and function.end_lineno < len(lines)
    return _returns(function.body) and (goes_on or not limited)


def _returns(body: list[ast.stmt]) -> bool:
    last = body[-1]
    if isinstance(last, ast.If):
        return bool(last.orelse) and _returns(last.body) and _returns(last.orelse)
    return isinstance(last, ast.Return | ast.Raise)


@dataclass(frozen=True)
class _Chunk:
    """A definition that does not parse; ``last`` when nothing that can be used follows it."""

    code: str
    last: bool


def _mended(code: str) -> tuple[str, list[_Chunk]]:
    """Code of which a part does not parse, or that has sentences in it: the good statements, and bad definitions."""
    chunks = _chunks(code)
    good: list[str] = []
    bad: list[tuple[int, str]] = []
    at = 0
    while at < len(chunks):
        joined, used = chunks[at], 1
        if _STARTS_DEFINITION.match(joined):
            while _parsed(joined) is None and used < _CHUNKS_JOINED and at + used < len(chunks):
                if _STARTS_DEFINITION.match(chunks[at + used]):
                    break
                joined += "\n" + chunks[at + used]
                used += 1
            if _parsed(joined) is None:
                joined, used = chunks[at], 1
                bad.append((at, joined))
            else:
                good.append(joined)
        elif _is_code(joined):
            good.append(joined)
        at += used
    # An unfinished string swallows what follows, so a broken definition counts as the last if no definition follows.
    definitions = [place for place, chunk in enumerate(chunks) if _STARTS_DEFINITION.match(chunk)]
    return "\n".join(good), [_Chunk(chunk, last=place == definitions[-1]) for place, chunk in bad]


def _chunks(code: str) -> list[str]:
    """Lines in groups, each from a line at the margin to the next such line."""
    groups: list[list[str]] = []
    for line in code.split("\n"):
        at_margin = line[:1].strip() != "" and not line.startswith(_CONTINUES)
        decorated = bool(groups) and groups[-1][-1].startswith("@")
        if not groups or (at_margin and not decorated):
            groups.append([])
        groups[-1].append(line)
    return ["\n".join(group) for group in groups]


def _is_code(chunk: str) -> bool:
    """Whether a chunk is a statement that a program may need, rather than a word that happens to parse."""
    tree = _parsed(chunk)
    kinds = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.FunctionDef)
    return tree is not None and bool(tree.body) and all(isinstance(statement, kinds) for statement in tree.body)


def _with_helpers(programs: list[ast.FunctionDef], statements: list[ast.stmt], code: str) -> list[str]:
    """Programs, each with the functions, constants and imports of its block that it uses, and nothing else."""
    lines = code.split("\n")
    places = {statement: place for place, statement in enumerate(statements)}
    defined: dict[str, list[int]] = {}
    for statement, place in places.items():
        for name in _defined(statement):
            defined.setdefault(name, []).append(place)
    used: dict[int, list[str]] = {}
    found = []
    for program in programs:
        needed: set[int] = set()
        waiting = [places[program]]
        while waiting:
            place = waiting.pop()
            if place in needed:
                continue
            needed.add(place)
            if place not in used:
                used[place] = sorted(_used(statements[place]))
            for name in used[place]:
                if name == program.name:
                    continue
                others = defined.get(name, [])
                before = [other for other in others if other < place]
                waiting += (before or others)[-1:]
        pieces = [_lines_of(statements[place], lines) for place in sorted(needed)]
        found.append(_tidy("\n\n".join(dict.fromkeys(pieces))))
    return found


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


def _lines_of(statement: ast.stmt, lines: list[str]) -> str:
    decorators = getattr(statement, "decorator_list", [])
    first = min([statement.lineno, *(decorator.lineno for decorator in decorators)])
    return "\n".join(lines[first - 1 : statement.end_lineno])


def _tidy(source: str) -> str:
    return "\n".join(line.rstrip() for line in source.strip("\n").split("\n")).rstrip() + "\n"
