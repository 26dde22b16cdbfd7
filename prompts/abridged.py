"""A program as it is shown to be added to: its parts one by one, of word weights the heaviest."""

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from surrogates.language.fitted_calls import literal
from surrogates.language.program import Program

_WORDS, _CLASSES = "_words_left_out_", "_classes_left_out_"


@dataclass(frozen=True)
class Part:
    """A summand of a program, and the share of what the program explains that would be lost without it."""

    expression: str
    share: float

    def abridged(self, words: int) -> str:
        """The expression with at most so many words and so many classes, the heaviest, in each table."""
        return abridged(self.expression, words)


def parts_of(program: Program, shares: Sequence[float]) -> list[Part]:
    """The parts of a vectorised program, constants as their values, the largest share first.

    Args:
        shares: of each of its terms.
    """
    written = [" * ".join([term.constant] * (term.constant != "1") + list(term.factors)) for term in program.terms]
    values = _Values(program.constants)
    shown = [ast.unparse(values.visit(ast.parse(text or "1", mode="eval"))) for text in written]
    parts = [Part(text, share) for text, share in zip(shown, shares, strict=True)]
    return sorted(parts, key=lambda part: -part.share)


@lru_cache(maxsize=1024)  # a prompt is written over and over as its other parts grow
def abridged(source: str, words: int) -> str:
    """Code with at most so many words and so many classes, the heaviest, in each table."""
    text = ast.unparse(_Fewer(words).visit(ast.parse(source)))
    text = re.sub(rf"{_WORDS}(\d+): 0", r"… \1 more words", text)
    return re.sub(rf"{_CLASSES}(\d+)=0", r"… \1 more classes", text)


class _Values(ast.NodeTransformer):
    """Puts values in the place of constants: whether a part adds or takes away is to be read from it."""

    def __init__(self, constants: Mapping[str, float]) -> None:
        self._constants = constants

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self._constants:
            return node
        return ast.Constant(float(f"{self._constants[node.id]:.3g}"))


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
                named = [own[place] for place in classes]
                if left_out := len(keys) - len(words):
                    shown.keys.append(ast.Name(f"{_WORDS}{left_out}", ast.Load()))
                    shown.values.append(ast.Constant(0))
                if left_out := len(own) - len(classes):
                    named.append(ast.keyword(f"{_CLASSES}{left_out}", ast.Constant(0)))
                return ast.Call(node.func, [token, shown], named)
        return node

    def _heaviest(self, values: Sequence[ast.expr]) -> list[int]:
        order = sorted(range(len(values)), key=lambda place: -abs(literal(values[place]) or 0.0))
        return order[: self._most]
