"""What one head's best program may suggest for another: its terms, or the hypothesis of one that loops."""

import ast
from collections.abc import Iterable

from surrogates.language.program import Program

MOST = 6
"""Ideas offered with a question."""
_LONGEST = 160
"""Characters of an idea; a list of sixteen words is none."""


def ideas_of(programs: Iterable[Program], own: str = "") -> list[str]:
    """Ideas, one line each, those of the first program first.

    Args:
        programs: of other heads, best first.
        own: source of the head's own best program; what it says already is left out.
    """
    found: list[str] = []
    for program in programs:
        said = _terms(program) if program.kind == "vectorised" else [f"a scripted program: {program.hypothesis}"]
        found += [idea for idea in said if len(idea) <= _LONGEST and idea not in own]
    return list(dict.fromkeys(found))[:MOST]


def _terms(program: Program) -> list[str]:
    """The summands of what is returned, constants that only scale them left out."""
    returned = [node.value for node in ast.walk(ast.parse(program.source)) if isinstance(node, ast.Return)]
    if len(returned) != 1 or returned[0] is None:
        return []
    summands = [_unscaled(node, program.constants.keys()) for node in _summands(returned[0])]
    # A local name says nothing outside its program.
    return [term for term in summands if "." in term]


def _summands(node: ast.expr) -> list[ast.expr]:
    match node:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
            return _summands(left) + _summands(right)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            return _summands(operand)
    return [node]


def _unscaled(node: ast.expr, constants: Iterable[str]) -> str:
    factors = [factor for factor in _factors(node) if not (isinstance(factor, ast.Name) and factor.id in constants)]
    return " * ".join(f"({part})" if isinstance(f, ast.BinOp) else part for f in factors for part in [ast.unparse(f)])


def _factors(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return _factors(node.left) + _factors(node.right)
    return [node]
