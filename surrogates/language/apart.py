"""A vectorised program taken apart into summands that those of several programs can be computed with at once."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from surrogates.language.features import Texts
from surrogates.language.fitted_calls import FittedCall, literal
from surrogates.language.patterns import scores
from surrogates.language.program import Program
from surrogates.language.tokens import TokenTable
from surrogates.language.vocabulary import FITTED, FUNCTIONS, token_feature

MOST = 1e3
"""Largest number in a program that is taken apart: sums of larger ones depend on the order in which they are added."""
_SIDES = {"query", "key", "pair"}
_OF_DISTANCE = {"distance", "log_distance", "offset", "within"}
_TAME = {*FUNCTIONS, *FITTED} - {"exp"}
"""Functions that are finite, and of modest size, where what they are given is."""
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.BitAnd, ast.BitOr)
_Named = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Weights:
    """Weights of tokens' texts and classes, added up: word weights, or one class or some words as a mask.

    Attributes:
        words, classes: names and what they weigh.
        shift: how many places to the left the token stands.
    """

    words: _Named
    classes: _Named
    shift: int


TokenFunction = Weights | str
"""A function of single tokens: weights, or an expression over the features of ``key``, whichever side it is used on."""
ONE = "1"
"""The function that is one of all tokens."""


@dataclass(frozen=True)
class Summand:
    """The product of a number, a function of the query, one of the key, and an expression of both.

    Attributes:
        scale: the number.
        query, key: None where there is no such function; neither is there where both would meet an expression.
        cells: an expression; None where there is none.
        is_of_distance: whether the expression depends on the distance alone, and the summand on nothing else.
    """

    scale: float
    query: TokenFunction | None
    key: TokenFunction | None
    cells: str | None
    is_of_distance: bool = False


@lru_cache(maxsize=4096)
def taken_apart(program: Program) -> tuple[Summand, ...] | None:
    """The summands of a vectorised program.

    Returns:
        None if it cannot be taken apart: something in it may be infinite, or so large that the order of adding tells.
    """
    found = []
    for term in program.terms:
        scale = _scale(ast.parse(term.constant, mode="eval").body, program.constants)
        factors = []
        for text in term.factors:
            factor = _Factor.read(text, program.constants)
            if factor is None or scale is None:
                return None
            if factor.sides:
                factors.append(factor)
            else:
                scale *= _number(factor.node)
        if scale is None or abs(scale) > MOST:
            return None
        found.append(_summand(scale, factors))
    return tuple(found)


@lru_cache(maxsize=4096)
def expression(source: str) -> Program:
    """A program that computes an expression."""
    return Program.parse(f'def cells(query, key, pair):\n    """Of a program."""\n    return {source}\n')


def is_of_distance(node: ast.AST) -> bool:
    """Whether an expression depends on the distance alone."""
    parts = list(ast.walk(node))
    sides = {part.id for part in parts if isinstance(part, ast.Name) and part.id in _SIDES}
    return sides == {"pair"} and {part.attr for part in parts if isinstance(part, ast.Attribute)} <= _OF_DISTANCE


@dataclass(frozen=True)
class _Factor:
    """A factor of a summand, the values of constants in their places.

    Attributes:
        sides: of query, key and pair those that it names.
        weights: it as weights, if it is such.
    """

    node: ast.expr
    sides: frozenset[str]
    weights: Weights | None = None

    @classmethod
    def read(cls, text: str, constants: Mapping[str, float]) -> "_Factor | None":
        """None if it may be infinite or large on some text."""
        node = ast.parse(text, mode="eval").body
        weights = _weights(node)
        if weights is not None:  # which are the most, and large
            fitting = all(abs(weight) <= MOST for _, weight in (*weights.words, *weights.classes))
            named = frozenset({_owner(node)})
            return cls(node, named, weights) if fitting and ("is_last", 1.0) not in weights.classes else None
        node = _Given(constants).visit(node)
        parts = list(ast.walk(node))
        if not _is_tame(parts):
            return None
        return cls(node, frozenset(part.id for part in parts if isinstance(part, ast.Name) and part.id in _SIDES))


def _summand(scale: float, factors: Sequence[_Factor]) -> Summand:
    query = [factor for factor in factors if factor.sides == {"query"}]
    key = [factor for factor in factors if factor.sides == {"key"}]
    cells = [factor for factor in factors if factor.sides not in ({"query"}, {"key"})]
    if cells and ((query and key) or not (query or key)):
        return Summand(scale, None, None, _product(factors), all(is_of_distance(factor.node) for factor in factors))
    of_query, of_key = (_token_function(side) if side else None for side in (query, key))
    return Summand(scale, of_query, of_key, _product(cells) if cells else None)


def _number(node: ast.expr) -> float:
    """The value of an expression that names no feature."""
    texts = Texts(np.zeros((1, 1), dtype=np.int64), TokenTable((), {}), causal=True)
    return float(scores(expression(ast.unparse(node)), texts))


def _product(factors: Sequence[_Factor]) -> str:
    if len(factors) == 1:
        return ast.unparse(factors[0].node)
    return " * ".join(f"({ast.unparse(factor.node)})" for factor in factors)


def _token_function(factors: Sequence[_Factor]) -> TokenFunction:
    if len(factors) == 1 and factors[0].weights is not None:
        return factors[0].weights
    return _product([replace(factor, node=_OfKey().visit(factor.node)) for factor in factors])


def _weights(node: ast.expr) -> Weights | None:
    match node:
        case ast.Call(func=ast.Name(id="weights"), args=[token, ast.Dict()]):
            call = FittedCall(node, "", {})
            values = [literal(value) or 0.0 for value in [*node.args[1].values, *(k.value for k in node.keywords)]]  # type: ignore[attr-defined]
            count = len(call.words)
            words, classes = (
                zip(call.words, values[:count], strict=True),
                zip(call.classes, values[count:], strict=True),
            )
            return Weights(tuple(words), tuple(classes), _shift(token))
        case ast.Call(func=ast.Attribute(value=token, attr="is_one_of"), args=strings):
            different = dict.fromkeys(string.value for string in strings if isinstance(string, ast.Constant))
            return Weights(tuple((str(word), 1.0) for word in different), (), _shift(token))
        case ast.Attribute(value=token, attr=name) if (feature := token_feature(name)) and feature.type == "mask":
            return Weights((), ((name, 1.0),), _shift(token))
    return None


def _shift(token: ast.expr) -> int:
    return 1 + _shift(token.value) if isinstance(token, ast.Attribute) else 0


def _owner(node: ast.expr) -> str:
    """The token that weights are of."""
    while not isinstance(node, ast.Name):
        match node:
            case ast.Call(func=ast.Name(), args=[token, *_]) | ast.Call(func=token) | ast.Attribute(value=token):
                node = token
    return node.id


def _is_tame(parts: Sequence[ast.AST]) -> bool:
    """Whether an expression is finite and of modest size on any text, as far as one sees without running it."""
    for part in parts:
        match part:
            case ast.Constant(value=int() | float() as number) if abs(number) > MOST:
                return False
            case ast.BinOp(op=ast.Div(), right=ast.Constant(value=int() | float() as number)):
                if abs(number) < 1 / MOST:
                    return False
            case ast.BinOp(op=op) if not isinstance(op, _OPERATORS):
                return False
            case ast.Call(func=ast.Name(id=name)) if name not in _TAME:
                return False
            case ast.Name(id=name) if name not in _SIDES | _TAME:
                return False  # `inf`, or a local name that is too large to be written out
            case ast.Attribute(attr="is_last" | "similarity") | ast.keyword(arg="is_last"):
                return False  # which not every model has
    return True


def _scale(node: ast.expr, constants: Mapping[str, float]) -> float | None:
    """What scales a term; None if it is infinite."""
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name):
            return constants.get(name)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            found = _scale(operand, constants)
            return None if found is None else -found
        case ast.BinOp(left=left, op=op, right=right):
            first, second = _scale(left, constants), _scale(right, constants)
            if first is None or second is None:
                return None
            if isinstance(op, ast.Mult):
                return first * second
            return first / second if second else None
    return None


class _Given(ast.NodeTransformer):
    """Puts the values of constants in the place of their names."""

    def __init__(self, constants: Mapping[str, float]) -> None:
        self._constants = constants

    def visit_Name(self, node: ast.Name) -> ast.expr:
        value = self._constants.get(node.id)
        if value is None:
            return node
        # A sign is an operation of its own, or else it would be read as one on a power.
        return ast.UnaryOp(ast.USub(), ast.Constant(-value)) if value < 0 else ast.Constant(value)


class _OfKey(ast.NodeTransformer):
    """Names the key in the place of the query: what depends on a token alone is the same on either side."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Name("key", ast.Load()) if node.id == "query" else node
