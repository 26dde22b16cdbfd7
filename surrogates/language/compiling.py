"""Turns a checked vectorised program into a function over NumPy or torch arrays.

The tree is rewritten so that masks become numbers wherever arithmetic meets them and literals become float32; the
result reads only the names placed in its namespace. What depends on the texts alone is kept with them, so that programs
that share a feature in a sum or a logarithm of it compute that once.
"""

import ast
import math
from collections.abc import Callable, Sequence
from typing import Any

from surrogates.language.backend import LOG_FLOOR, NUMPY, TORCH, Array, Backend
from surrogates.language.curves import bins_of, height
from surrogates.language.fitted_calls import FittedCall
from surrogates.language.validation import RESERVED, Typed, Value
from surrogates.language.values import observed
from surrogates.language.vocabulary import FITTED

_ENTRY = "_scores"
_NUMBER = "_number"
_PLUS_PRODUCT, _MINUS_PRODUCT = "_plus_product", "_minus_product"
_BINS, _HEIGHT, _WEIGHTS, _OBSERVED = "_bins", "_height", "_weights", "_observed"
_GUARDED = {ast.Div: "_divide", ast.Pow: "_power"}
"""Operators whose slope is infinite at 0, by the name of what takes their place."""


def compile_vectorised(
    function: ast.FunctionDef, types: dict[ast.expr, Value], calls: Sequence[FittedCall]
) -> dict[str, Callable[..., Array]]:
    """One callable a backend name: ``f(query, key, pair, constants) -> scores``; for constants see `Values`.

    Args:
        function: the program's definition, which the validator passed without a problem.
        types: the validator's type of every expression in it.
        calls: those in it whose values are constants.
    """
    writer = _Writer(types, {argument.arg for argument in function.args.args[3:]}, calls)
    statements = [writer.visit(statement) for statement in function.body[1:]]
    arguments = ast.arguments(
        posonlyargs=[],
        args=[ast.arg(name) for name in ("query", "key", "pair", "_constants")],
        kwonlyargs=[],
        kw_defaults=[],
        defaults=[],
    )
    entry = ast.FunctionDef(name=_ENTRY, args=arguments, body=statements, decorator_list=[])
    entry.type_params = []  # type: ignore[attr-defined]  # which Python wants from 3.12 on
    code = compile(ast.fix_missing_locations(ast.Module([entry], [])), f"<program {function.name}>", "exec")
    return {backend.name: _load(code, backend) for backend in (NUMPY, TORCH)}


def _load(code: Any, backend: Backend) -> Callable[..., Array]:
    namespace = _namespace(backend)
    exec(code, namespace)
    return namespace[_ENTRY]


def _namespace(backend: Backend) -> dict[str, Any]:
    return {
        "__builtins__": {},
        _NUMBER: backend.number,
        _PLUS_PRODUCT: backend.plus_product,
        _MINUS_PRODUCT: backend.minus_product,
        "_divide": backend.divide,
        "_power": backend.power,
        _BINS: lambda x, knots: bins_of(backend, x, knots),
        _HEIGHT: lambda values, bins: height(backend, values, bins),
        _WEIGHTS: lambda values, of, words, classes: of.weights(words, classes, values),
        _OBSERVED: observed,
        "inf": math.inf,
        "exp": backend.exp,
        "log": lambda x: backend.log(backend.at_least(x, LOG_FLOOR)),
        "log1p": lambda x: backend.log(backend.at_least(x + 1, LOG_FLOOR)),
        # The slope of a square root at 0 is infinite; a millionth of a millionth keeps it finite.
        "sqrt": lambda x: backend.sqrt(backend.at_least(x, 1e-12)),
        "abs": abs,
        "minimum": backend.minimum,
        "maximum": backend.maximum,
        "clip": lambda x, low, high: backend.minimum(backend.maximum(x, low), high),
        "where": backend.where,
        "logaddexp": backend.logaddexp,
    }


class _Writer(ast.NodeTransformer):
    def __init__(self, types: dict[ast.expr, Value], constants: set[str], calls: Sequence[FittedCall]) -> None:
        self.types = types
        self.constants = constants
        self.calls: dict[ast.Call, FittedCall] = {call.node: call for call in calls}

    def as_number(self, node: ast.expr) -> ast.expr:
        """The rewritten node, converted unless it is a number already."""
        found = self.types[node]
        written = self.visit(node)
        if isinstance(found, Typed) and found.type == "mask":
            return self.kept(node, _call(_NUMBER, written), "number of ")
        return written

    def kept(self, node: ast.expr, written: ast.expr, what: str = "") -> ast.expr:
        """The rewritten node, computed once for all programs on the same texts if these alone decide it.

        Args:
            what: is made of the node's value, in words that tell it apart.
        """
        names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
        if not names <= RESERVED - set(FITTED) or not names & {"query", "key", "pair"}:
            return written
        keep = ast.Attribute(ast.Name("pair", ast.Load()), "keep", ast.Load())
        nothing = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
        return ast.Call(keep, [ast.Constant(what + ast.unparse(node)), ast.Lambda(nothing, written)], [])

    def visit_Return(self, node: ast.Return) -> ast.Return:
        assert node.value is not None
        return ast.Return(self.as_number(node.value))

    def visit_Assign(self, node: ast.Assign) -> ast.Assign:
        return ast.Assign(node.targets, self.visit(node.value))

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.Assign:
        # `x += …` on an array would change a cached feature in place; and `mask += …` changes its type.
        assert isinstance(node.target, ast.Name)
        name = node.target.id
        left: ast.expr = ast.Name(name, ast.Load())
        right = node.value
        if isinstance(node.op, ast.BitAnd | ast.BitOr):
            value: ast.expr = ast.BinOp(left, node.op, self.visit(right))
        elif isinstance(node.op, ast.Add | ast.Sub):
            value = self.sum(_call(_NUMBER, left), node.op, right)
        else:
            value = _arithmetic(_call(_NUMBER, left), node.op, self.as_number(right))
        return ast.Assign([ast.Name(name, ast.Store())], value)

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if isinstance(node.ctx, ast.Load) and node.id in self.constants:
            return _constant(node.id)
        return _call(_NUMBER, node) if node.id == "inf" else node

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        return _call(_NUMBER, node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        if isinstance(node.op, ast.Invert):
            return ast.UnaryOp(node.op, self.visit(node.operand))
        return ast.UnaryOp(node.op, self.as_number(node.operand))

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        if isinstance(node.op, ast.BitAnd | ast.BitOr):
            return ast.BinOp(self.visit(node.left), node.op, self.visit(node.right))
        if isinstance(node.op, ast.Add | ast.Sub):
            return self.sum(self.as_number(node.left), node.op, node.right)
        return _arithmetic(self.as_number(node.left), node.op, self.as_number(node.right))

    def sum(self, left: ast.expr, op: ast.operator, right: ast.expr) -> ast.expr:
        """The sum or difference of a rewritten node and another; a product is added in one pass over the cells."""
        match right:
            case ast.BinOp(left=first, op=ast.Mult(), right=second):
                factors = (self.as_number(first), self.as_number(second))
                return _call(_PLUS_PRODUCT if isinstance(op, ast.Add) else _MINUS_PRODUCT, left, *factors)
        return ast.BinOp(left, op, self.as_number(right))

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        return ast.Compare(self.as_number(node.left), node.ops, [self.as_number(node.comparators[0])])

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if node in self.calls:
            return self.fitted(self.calls[node])
        if isinstance(node.func, ast.Name):
            first_is_mask = node.func.id == "where"
            arguments = [
                self.visit(argument) if first_is_mask and place == 0 else self.as_number(argument)
                for place, argument in enumerate(node.args)
            ]
            return self.kept(node, ast.Call(node.func, arguments, []))
        assert isinstance(node.func, ast.Attribute)
        if node.func.attr == "latest":
            return self.kept(node, ast.Call(node.func, [self.visit(node.args[0])], []))
        return node  # literal arguments of a feature stay as they are written

    def fitted(self, call: FittedCall) -> ast.expr:
        of = call.node.args[0]
        if call.is_curve:
            knots = _tuple(call.knots)
            bins = self.kept(of, _call(_BINS, self.as_number(of), knots), f"bins between {call.knots} of ")
            return self.observed(call, _HEIGHT, bins)
        return self.observed(call, _WEIGHTS, of, _tuple(call.words), _tuple(call.classes))

    def observed(self, call: FittedCall, name: str, *arguments: ast.expr) -> ast.expr:
        """A function of a call's values, then of the arguments; see `observed`."""
        packed = ast.Constant(call.packed)
        return _call(_OBSERVED, ast.Name("_constants", ast.Load()), packed, ast.Name(name, ast.Load()), *arguments)


def _constant(name: str) -> ast.expr:
    return ast.Subscript(ast.Name("_constants", ast.Load()), ast.Constant(name), ast.Load())


def _tuple(values: tuple[float, ...] | tuple[str, ...]) -> ast.expr:
    return ast.Constant(values)  # type: ignore[arg-type]  # which is told of no tuples


def _arithmetic(left: ast.expr, op: ast.operator, right: ast.expr) -> ast.expr:
    guarded = _GUARDED.get(type(op))
    return ast.BinOp(left, op, right) if guarded is None else _call(guarded, left, right)


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])
