"""A program as it is shown to be added to: its parts one by one, of word weights the heaviest."""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass

from surrogates.language.fitted_calls import literal
from surrogates.language.program import Program

_LEFT_OUT = "_left_out_"


@dataclass(frozen=True)
class Part:
    """A summand of a program, and the share of what the program explains that would be lost without it."""

    expression: str
    share: float

    def abridged(self, words: int) -> str:
        """The expression with at most so many words and so many classes, the heaviest, in each table."""
        tree = _Fewer(words).visit(ast.parse(self.expression, mode="eval"))
        return re.sub(rf"{_LEFT_OUT}(\d+): 0", r"… \1 more", ast.unparse(tree))


def parts_of(program: Program, shares: Sequence[float]) -> list[Part]:
    """The parts of a vectorised program, the largest share first.

    Args:
        shares: of each of its terms.
    """
    written = [" * ".join([term.constant] * (term.constant != "1") + list(term.factors)) for term in program.terms]
    parts = [Part(text or "1", share) for text, share in zip(written, shares, strict=True)]
    return sorted(parts, key=lambda part: -part.share)


class _Fewer(ast.NodeTransformer):
    def __init__(self, most: int) -> None:
        self._most = most

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        match node:
            case ast.Call(func=ast.Name(id="weights"), args=[token, ast.Dict(keys=keys, values=values)], keywords=own):
                words = self._heaviest(values)
                classes = self._heaviest([keyword.value for keyword in own])
                shown = ast.Dict([keys[place] for place in words], [values[place] for place in words])
                if left_out := len(keys) - len(words) + len(own) - len(classes):
                    shown.keys.append(ast.Name(f"{_LEFT_OUT}{left_out}", ast.Load()))
                    shown.values.append(ast.Constant(0))
                return ast.Call(node.func, [token, shown], [own[place] for place in classes])
        return node

    def _heaviest(self, values: Sequence[ast.expr]) -> list[int]:
        order = sorted(range(len(values)), key=lambda place: -abs(literal(values[place]) or 0.0))
        return order[: self._most]
