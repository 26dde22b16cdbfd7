"""A vectorised function rewritten for the sandbox, where it stands beside functions that loop.

There a token feature is a flat array: what is of the query becomes a column, as vectorised programs see it.
"""

import ast
import copy
from collections.abc import Mapping

from surrogates.language.validation import Typed, Value


def as_script(function: ast.FunctionDef, types: Mapping[ast.expr, Value], name: str) -> ast.FunctionDef:
    """The function under another name, so that it gives the same scores where scripted programs run.

    Args:
        function: the definition of a vectorised program, which the validator passed without a problem.
        types: the validator's type of every expression in it.
    """
    writer = _Writer(types)
    body = [function.body[0], *(writer.visit(statement) for statement in function.body[1:])]
    plain = ast.arguments([], [ast.arg(argument.arg) for argument in function.args.args], None, [], [], None, [])
    found = ast.FunctionDef(name, plain, body, [])
    found.type_params = []  # type: ignore[attr-defined]  # which Python wants from 3.12 on
    return ast.fix_missing_locations(found)


class _Writer(ast.NodeTransformer):
    def __init__(self, types: Mapping[ast.expr, Value]) -> None:
        self.types = types

    def as_number(self, node: ast.expr) -> ast.expr:
        """The rewritten node; booleans become numbers, since the sum of two would be one of them."""
        written = self.visit(node)
        found = self.types[node]
        is_mask = isinstance(found, Typed) and found.type == "mask"
        if is_mask and not isinstance(node, ast.Attribute | ast.Call):  # features are numbers already
            return ast.BinOp(ast.Constant(1.0), ast.Mult(), written)
        return written

    def visit_Return(self, node: ast.Return) -> ast.Return:
        assert node.value is not None
        return ast.Return(self.as_number(node.value))

    def visit_Assign(self, node: ast.Assign) -> ast.Assign:
        return ast.Assign(node.targets, self.visit(node.value))

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.Assign:
        # In place it would change a feature that cannot be written to.
        assert isinstance(node.target, ast.Name)
        left: ast.expr = ast.Name(node.target.id, ast.Load())
        right = self.as_number(node.value)
        if isinstance(node.op, ast.BitAnd | ast.BitOr):
            right = self.visit(node.value)
        else:
            left = ast.BinOp(ast.Constant(1.0), ast.Mult(), left)
        return ast.Assign([ast.Name(node.target.id, ast.Store())], ast.BinOp(left, node.op, right))

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        operand = self.visit(node.operand) if isinstance(node.op, ast.Invert) else self.as_number(node.operand)
        return ast.UnaryOp(node.op, operand)

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        if isinstance(node.op, ast.BitAnd | ast.BitOr):
            return ast.BinOp(self.visit(node.left), node.op, self.visit(node.right))
        return ast.BinOp(self.as_number(node.left), node.op, self.as_number(node.right))

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        return ast.Compare(self.as_number(node.left), node.ops, [self.as_number(node.comparators[0])])

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        return self._aimed(node, node.value)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if isinstance(node.func, ast.Attribute):
            if node.func.attr == "latest":
                return ast.Call(node.func, [self.visit(node.args[0])], [])
            return self._aimed(node, node.func.value)
        assert isinstance(node.func, ast.Name)
        if node.func.id == "weights":
            return self._aimed(node, node.args[0])
        arguments = [
            self.visit(argument) if place == 0 and node.func.id == "where" else self.as_number(argument)
            for place, argument in enumerate(node.args[: 1 if node.func.id == "curve" else None])
        ]
        return ast.Call(node.func, [*arguments, *node.args[len(arguments) :]], [])

    def _aimed(self, node: ast.expr, owner: ast.expr) -> ast.expr:
        """A feature, as a column if it is the query's."""
        if self.types[owner] != "query":
            return node
        column = ast.Tuple([ast.Slice(), ast.Constant(None)], ast.Load())
        return ast.Subscript(copy.copy(node), column, ast.Load())
