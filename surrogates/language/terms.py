"""The terms of a vectorised program: the summands of what it returns, each a constant times factors."""

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from surrogates.language.fitted_calls import classes_in, has_words
from surrogates.language.vocabulary import PAIR_FEATURES, token_feature

MAX_TERMS = 1_000
"""Most terms of a program: sums held in local names may double with every line."""
_MOST_NODES = 2_000
"""Nodes of the expressions that are written out in place of the local names that hold them, for the same reason."""
_MOST_IN_ALL = 20_000
"""The same of a whole program, which may name a large one in each of its lines."""
_DEEPEST = 50
"""How deep these may be nested."""


@dataclass(frozen=True)
class Term:
    """A summand of a program's scores.

    Attributes:
        constant: what scales it, constants and numbers such as ``sink`` or ``-2.0 * sink / width``; ``1`` or ``-1``
            where nothing does.
        factors: expressions over the vocabulary whose product it is, local names written out unless that takes
            thousands of nodes; none where the term is the same in all cells.
        families: of the features in it, in alphabetical order.
    """

    constant: str
    factors: tuple[str, ...]
    families: tuple[str, ...]

    def __str__(self) -> str:
        return " * ".join(self.factors) or "1"


@dataclass(frozen=True)
class _Summand:
    """A summand and its sign; ``whole`` once its local names are written out, which is done but once."""

    node: ast.expr
    negative: bool = False
    whole: bool = False

    def negated(self) -> "_Summand":
        return replace(self, negative=not self.negative)


class Summands:
    """The sum that a vectorised program returns, taken apart; at most one summand more than ``MAX_TERMS``.

    Args:
        function: its definition: assignments, then one ``return``.
    """

    def __init__(self, function: ast.FunctionDef) -> None:
        self._function = function
        self._sums: dict[str, list[_Summand]] = {}
        self._written = _Written()
        self.found = self._read()

    def terms(self, constants: Iterable[str]) -> tuple[Term, ...]:
        """As terms.

        Args:
            constants: names of the program's.
        """
        names = frozenset(constants)
        # A sum that is added to itself holds the same summands over and over.
        known = {(id(s.node), s.negative): s for s in self.found}
        terms = {key: self._term(summand, names) for key, summand in known.items()}
        return tuple(terms[id(s.node), s.negative] for s in self.found)

    def _read(self) -> list[_Summand]:
        for statement in self._function.body:
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    found, whole = self._of(value), value
                case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
                    whole = ast.BinOp(ast.Name(name, ast.Load()), op, value)
                    found = self._of(whole)
                case ast.Return(value=value) if value is not None:
                    return [self._whole(s) for s in self._of(value)]
                case _:
                    continue
            # A name that is bound anew means something else from here on, so what it held is written out now.
            self._sums[name] = [self._whole(s) for s in found]
            self._written.bind(name, whole)
        return []

    def _whole(self, summand: _Summand) -> _Summand:
        return summand if summand.whole else _Summand(self._written.out(summand.node), summand.negative, whole=True)

    def _of(self, node: ast.expr) -> list[_Summand]:
        match node:
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                found = self._of(left) + self._of(right)
            case ast.BinOp(left=left, op=ast.Sub(), right=right):
                found = self._of(left) + [summand.negated() for summand in self._of(right)]
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                found = [summand.negated() for summand in self._of(operand)]
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                found = self._of(operand)
            case ast.Name(id=name):
                found = self._sums.get(name, [_Summand(node)])
            case _:
                found = [_Summand(node)]
        return found[: MAX_TERMS + 1]

    def _term(self, summand: _Summand, constants: frozenset[str]) -> Term:
        negative = summand.negative
        scale = ""
        factors: list[str] = []
        for node, divides in _factors(summand.node):
            while isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
                negative ^= isinstance(node.op, ast.USub)
                node = node.operand
            text = ast.unparse(node)
            scales = isinstance(node, ast.Constant) or (isinstance(node, ast.Name) and node.id in {*constants, "inf"})
            if scales:
                scale += f" / {text}" if divides else f" * {text}" if scale else text
            else:
                text = f"({text})" if isinstance(node, ast.BinOp | ast.Compare) else text
                factors.append(f"(1 / {text})" if divides else text)
            if scale.startswith(" / "):
                scale = f"1{scale}"
        constant = f"-{scale or 1}" if negative else scale or "1"
        return Term(constant, tuple(factors), self._written.families(summand.node))


class _Written(ast.NodeTransformer):
    """Writes out the expressions that local names hold, unless that makes them too large."""

    def __init__(self) -> None:
        self._held: dict[str, ast.expr] = {}
        self._sizes: dict[str, tuple[int, int]] = {}  # nodes, and how deep they are nested
        self._families: dict[str, tuple[str, ...]] = {}
        self._left = _MOST_IN_ALL

    def families(self, node: ast.expr) -> tuple[str, ...]:
        """Of the features in an expression and in what its local names hold."""
        names = [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]
        return tuple(
            sorted({*families_in(list(ast.walk(node))), *(f for name in names for f in self._families.get(name, ()))})
        )

    def bind(self, name: str, value: ast.expr) -> None:
        self._families[name] = self.families(value)
        held = self.out(value)
        self._sizes[name] = _size(value, {} if held is value else self._sizes)
        self._held[name] = held

    def out(self, node: ast.expr) -> ast.expr:
        if not self._sizes:
            return node
        inner = [self._sizes.get(part.id, (0, 0)) for part in ast.walk(node) if isinstance(part, ast.Name)]
        nodes, depth = sum(size for size, _ in inner), max((depth for _, depth in inner), default=0)
        if not 0 < nodes <= min(_MOST_NODES, self._left) or depth > _DEEPEST:
            return node
        self._left -= nodes
        return self.visit(node)

    def generic_visit(self, node: ast.AST) -> ast.AST:
        # The parts of a tree that others hold too are never changed in place.
        changed = {}
        for name, value in ast.iter_fields(node):
            if isinstance(value, ast.expr):
                changed[name] = self.visit(value)
            elif isinstance(value, list):
                changed[name] = [self.visit(part) if isinstance(part, ast.expr) else part for part in value]
            else:
                changed[name] = value
        return type(node)(**changed)

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._held.get(node.id, node)


def _size(node: ast.AST, held: Mapping[str, tuple[int, int]]) -> tuple[int, int]:
    """Nodes of a tree, and how deep they are nested, with those of what stands in the place of names."""
    if isinstance(node, ast.Name) and node.id in held:
        return held[node.id]
    inner = [_size(child, held) for child in ast.iter_child_nodes(node)]
    return 1 + sum(nodes for nodes, _ in inner), 1 + max((depth for _, depth in inner), default=0)


def _factors(node: ast.expr) -> list[tuple[ast.expr, bool]]:
    """The factors of a product, each with whether it divides."""
    match node:
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _factors(left) + _factors(right)
        case ast.BinOp(left=left, op=ast.Div(), right=ast.Name() | ast.Constant() as right):
            return [*_factors(left), (right, True)]
        case ast.UnaryOp(op=ast.USub(), operand=ast.BinOp(op=ast.Mult() | ast.Div()) as product):
            (first, divides), *others = _factors(product)
            return [(ast.UnaryOp(ast.USub(), first), divides), *others]
    return [(node, False)]


def families_in(nodes: Sequence[ast.AST]) -> tuple[str, ...]:
    """The families of the features that nodes name, in alphabetical order; words with a weight are such, too."""
    named = {node.attr for node in nodes if isinstance(node, ast.Attribute)} | classes_in(nodes)
    named |= {"is_one_of"} if has_words(nodes) else set()
    found = [feature for name in named for feature in (token_feature(name), PAIR_FEATURES.get(name)) if feature]
    return tuple(sorted({str(feature.family) for feature in found}))
