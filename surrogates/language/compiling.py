"""Turns a checked vectorised program into a function over NumPy or torch arrays.

The tree is rewritten so that masks become numbers wherever arithmetic meets them and literals become float32; the
result reads only the names placed in its namespace. What depends on the texts alone is kept with them, so that programs
that share a feature in a sum or a logarithm of it compute that once.
"""

import ast
import math
from collections.abc import Callable
from typing import Any

from surrogates.language.backend import LOG_FLOOR, NUMPY, TORCH, Array, Backend
from surrogates.language.validation import RESERVED, Typed, Value

_ENTRY = "_scores"
_NUMBER = "_number"
_PLUS_PRODUCT, _MINUS_PRODUCT = "_plus_product", "_minus_product"
_GUARDED = {ast.Div: "_divide", ast.Pow: "_power"}
"""Operators whose slope is infinite at 0, by the name of what takes their place."""


def compile_vectorised(function: ast.FunctionDef, types: dict[ast.expr, Value]) -> dict[str, Callable[..., Array]]:
    """One callable a backend name: ``f(query, key, pair, constants) -> scores``, constants a dictionary of numbers.

    Args:
        function: the program's definition, which the validator passed without a problem.
        types: the validator's type of every expression in it.
    """
    writer = _Writer(types, {argument.arg for argument in function.args.args[3:]})
    statements = [ast.fix_missing_locations(writer.visit(statement)) for statement in function.body[1:]]
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
    def __init__(self, types: dict[ast.expr, Value], constants: set[str]) -> None:
        self.types = types
        self.constants = constants

    def as_number(self, node: ast.expr) -> ast.expr:
        """The rewritten node, converted unless it is a number already."""
        found = self.types[node]
        written = self.visit(node)
        if isinstance(found, Typed) and found.type == "mask":
            return self.kept(node, _call(_NUMBER, written), as_number=True)
        return written

    def kept(self, node: ast.expr, written: ast.expr, *, as_number: bool = False) -> ast.expr:
        """The rewritten node, computed once for all programs on the same texts if these alone decide it."""
        names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
        if not names <= RESERVED or not names & {"query", "key", "pair"}:
            return written
        keep = ast.Attribute(ast.Name("pair", ast.Load()), "keep", ast.Load())
        nothing = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
        name = ast.Constant(f"number of {ast.unparse(node)}" if as_number else ast.unparse(node))
        return ast.Call(keep, [name, ast.Lambda(nothing, written)], [])

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
            return ast.Subscript(ast.Name("_constants", ast.Load()), ast.Constant(node.id), ast.Load())
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


def _arithmetic(left: ast.expr, op: ast.operator, right: ast.expr) -> ast.expr:
    guarded = _GUARDED.get(type(op))
    return ast.BinOp(left, op, right) if guarded is None else _call(guarded, left, right)


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])
