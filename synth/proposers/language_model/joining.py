"""Programs put together of others: a part joins a program, a program is taken apart, a hypothesis is worded anew."""

import ast
import io
import tokenize
from collections.abc import Iterator

from sandbox.parsing import MAX_LENGTH, parsed
from sandbox.plain_text import plain
from surrogates.language.program import Program, ProgramRefused
from surrogates.language.terms import Term
from synth.proposers.layout import docstring, layout, repr_string

_STRENGTH = "strength"
"""The constant of a part that has none."""


def joined(program: Program, part: Program) -> Program:
    """The program with a part added to its scores and to its hypothesis.

    Two vectorised ones make a vectorised one, whose values are all fitted; a script holds each as a function.

    Raises:
        ProgramRefused: together they are larger than a program may be.
    """
    hypothesis = f"{program.hypothesis.rstrip('.')}; {part.hypothesis[:1].lower()}{part.hypothesis[1:]}"
    if program.kind == part.kind == "vectorised":
        return Program.parse(_sum(program, part, hypothesis))
    return Program.parse(_script((program, part), {}, hypothesis, "{0} + {1}"))


def with_strength(part: Program) -> Program:
    """A part that has something to be fitted: one without a constant is given one."""
    if part.constants:
        return part
    constants = {_STRENGTH: 1.0}
    if part.kind == "scripted":
        return Program.parse(_script((part,), constants, part.hypothesis, f"{_STRENGTH} * ({{0}})"))
    names = _Names({_STRENGTH})
    body, total = _statements(part, names)
    return Program.parse(layout(constants, part.hypothesis, [f"{_STRENGTH} * ({_written(total)})"], body))


def with_hypothesis(program: Program, hypothesis: str) -> Program:
    """The program under another hypothesis; layout and comments stay."""
    function = _main(parsed(program.source), program.name)
    said = function.body[0]
    lines = program.source.encode().splitlines(keepends=True)
    assert said.end_lineno is not None and said.end_col_offset is not None
    before = b"".join(lines[: said.lineno - 1]) + lines[said.lineno - 1][: said.col_offset]
    after = lines[said.end_lineno - 1][said.end_col_offset :] + b"".join(lines[said.end_lineno :])
    return Program.parse((before + f'"""{docstring(hypothesis)}"""'.encode() + after).decode())


def hypothesis_alone(source: str) -> str:
    """What a function says that has nothing but a docstring; nothing of any other source."""
    if len(source) > MAX_LENGTH:
        return ""
    try:
        tree = parsed(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    match tree.body:
        case [ast.FunctionDef(body=[_] | [_, ast.Pass()]) as function]:
            return " ".join(plain(ast.get_docstring(function) or "").split())
    return ""


def parts_of(program: Program) -> list[Program]:
    """What a program adds up, each with its constants as a program: the summands of a vectorised one, or the script."""
    if program.kind == "scripted":
        return [program]
    return [part for term in program.terms if (part := part_of(program, term)) is not None]


def part_of(program: Program, term: Term) -> Program | None:
    """A summand of a vectorised program as a program; None where it says nothing alone.

    Such is one that is the same in all cells, and one that names something too large to be written out.
    """
    if not term.factors:
        return None
    text = f"{term.constant} * {' * '.join(term.factors)}"
    names = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    constants = {name: value for name, value in program.constants.items() if name in names}
    try:
        return Program.parse(layout(constants, program.hypothesis, [_written(ast.parse(text).body[0])]))
    except ProgramRefused:
        return None


def is_separable(program: Program) -> bool:
    """Whether each summand of a vectorised program that says something can stand alone."""
    return all(not term.factors or part_of(program, term) is not None for term in program.terms)


class _Names(ast.NodeTransformer):
    """Gives what a function binds names of its own.

    Args:
        taken: names that are something else.
    """

    def __init__(self, taken: set[str]) -> None:
        self.taken = taken
        self.given: dict[str, str] = {}
        self.inside: set[str] = set()  # names that other things have in what is renamed, such as local ones

    def bind(self, name: str, wanted: str = "") -> str:
        """The name that stands in the place of one that the function binds: as wanted, or with a number."""
        if name not in self.given:
            wanted = wanted or name
            other, number = wanted, 1
            while other in self.taken or (other != name and other in self.inside):
                number += 1
                other = f"{wanted}_{number}"
            self.given[name] = other
            self.taken.add(other)
        return self.given[name]

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self.given.get(node.id, node.id), node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(self.given.get(node.arg, node.arg))

    def visit_keyword(self, node: ast.keyword) -> ast.keyword:
        return ast.keyword(self.given.get(node.arg or "", node.arg), self.visit(node.value))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name = self.given.get(node.name, node.name)
        return self.generic_visit(node)

    def visit_Global(self, node: ast.Global | ast.Nonlocal) -> ast.AST:
        node.names = [self.given.get(name, name) for name in node.names]
        return node

    visit_Nonlocal = visit_Global  # noqa: N815 - as the visitor of the standard library wants it


def _sum(program: Program, part: Program, hypothesis: str) -> str:
    names = _Names(set())
    lines: list[str] = []
    summands: list[str] = []
    constants: dict[str, float] = {}
    for one in (program, part):
        names.given = {}
        own = {names.bind(name): one.constants[name] for name in _parameters(one)}
        body, total = _statements(one, names)
        lines += body
        constants |= own
        summands += _summands(total)
    return layout(constants, hypothesis, summands, lines)


def _statements(program: Program, names: _Names) -> tuple[list[str], ast.expr]:
    """The assignments of a vectorised program and what it returns, under names of their own."""
    function = _main(parsed(program.source), program.name)
    found = []
    for statement in function.body[1:-1]:
        target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target  # type: ignore[attr-defined]
        value = names.visit(statement.value)  # type: ignore[attr-defined]
        assert isinstance(target, ast.Name)
        # A name that is bound anew, and read in the same line, keeps the name it has.
        target.id = names.bind(target.id)
        statement.value = value  # type: ignore[attr-defined]
        found.append(_written(statement))
    last = function.body[-1]
    assert isinstance(last, ast.Return) and last.value is not None
    return found, names.visit(last.value)


def _summands(total: ast.expr) -> list[str]:
    if isinstance(total, ast.BinOp) and isinstance(total.op, ast.Add):
        return [*_summands(total.left), *_summands(total.right)]
    looser = isinstance(total, ast.Compare | ast.BinOp) and not (
        isinstance(total, ast.BinOp) and isinstance(total.op, ast.Mult | ast.Div | ast.Pow)
    )
    return [f"({_written(total)})" if looser else _written(total)]


def _script(parts: tuple[Program, ...], constants: dict[str, float], hypothesis: str, total: str) -> str:
    """A scripted program that holds others as functions.

    Args:
        constants: of its own, beside those of the others.
        total: what it returns, with a place for the call of each.
    """
    parameters = _Names({"query", "key", "pair", *constants})
    passed: list[dict[str, float]] = []
    for part in parts:
        parameters.given = {}
        passed.append({parameters.bind(constant): part.constants[constant] for constant in _parameters(part)})
    functions = _Names({"attend", *parameters.taken})  # a constant would hide a function that is called like it
    constants = dict(constants)
    sources, calls = [], []
    for part, own, name in zip(parts, passed, ("known", "added"), strict=False):
        tree = parsed(part.as_script(part.name) if part.kind == "vectorised" else part.source)
        functions.given, functions.inside = {}, _names_in(tree)
        main = _main(tree, part.name)
        main.args.defaults = []
        called = functions.bind(main.name, name if main.name == "attend" else main.name)
        for bound in _bound(tree):
            functions.bind(bound)
        sources += [ast.unparse(functions.visit(statement)) for statement in tree.body]
        calls.append(f"{called}({', '.join(['query', 'key', 'pair', *own])})")
        constants |= own
    return "\n\n".join([*sources, layout(constants, hypothesis, [total.format(*calls)])])


def _main(tree: ast.Module, name: str) -> ast.FunctionDef:
    """The definition that counts: the last one of that name."""
    return [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name][-1]


def _parameters(program: Program) -> list[str]:
    """Names of the constants that are parameters."""
    return [argument.arg for argument in _main(parsed(program.source), program.name).args.args[3:]]


def _bound(tree: ast.Module) -> Iterator[str]:
    """Names that a script binds at its margin, those of modules aside."""
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef):
            yield statement.name
        elif not isinstance(statement, ast.Import | ast.ImportFrom):
            stored = (node for node in ast.walk(statement) if isinstance(node, ast.Name))
            yield from (node.id for node in stored if isinstance(node.ctx, ast.Store))


def _names_in(tree: ast.Module) -> set[str]:
    """All names in a script, local ones and those of arguments included."""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    return names | {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def _written(node: ast.AST) -> str:
    """An expression or an assignment on one line, strings in double quotation marks."""
    text = ast.unparse(node)
    columns = [token for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type == tokenize.STRING]
    for token in reversed(columns):
        value = ast.literal_eval(token.string)
        if isinstance(value, str):
            text = text[: token.start[1]] + repr_string(value) + text[token.end[1] :]
    return text
