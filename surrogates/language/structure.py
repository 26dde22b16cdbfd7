"""The structure of a program: what equal programs have in common whatever their constants are."""

import ast
from collections.abc import Mapping


def structure_of(tree: ast.Module, function: ast.FunctionDef, values: frozenset[ast.AST]) -> str:
    """The syntax tree with names and values of constants, the hypothesis and the function's name taken out, as text.

    It is the same under every version of Python, whose own ``ast.dump`` is not.

    Args:
        values: literals in it that are values of constants.
    """
    # The underscore keeps them apart from local names.
    names = {argument.arg: f"_{place}" for place, argument in enumerate(function.args.args[3:])}
    helpers = [_dumped(node, {}, values) for node in tree.body if node is not function]
    return "\n".join([*helpers, *(_dumped(statement, names, values) for statement in function.body[1:])])


def _dumped(node: object, names: Mapping[str, str], values: frozenset[ast.AST]) -> str:
    if isinstance(node, ast.Name):
        return f"Name({names.get(node.id, node.id)})"
    if isinstance(node, ast.arg):  # of a helper within, which may be called like a constant
        return f"arg({names.get(node.arg, node.arg)})"
    if isinstance(node, ast.AST):
        if node in values:
            return "_"
        fields = [(name, value) for name, value in ast.iter_fields(node) if value not in (None, [])]
        return (
            f"{type(node).__name__}({', '.join(f'{name}={_dumped(value, names, values)}' for name, value in fields)})"
        )
    if isinstance(node, list):
        return f"[{', '.join(_dumped(part, names, values) for part in node)}]"
    return repr(node)
