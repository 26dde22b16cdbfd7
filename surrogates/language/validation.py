"""Checks that a vectorised program stays within a closed list of what is allowed, and types its expressions.

Nothing is run here: the syntax tree is read, and every departure is reported with its line and what to write instead.
"""

import ast
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from surrogates.language.fitted_calls import wrong_form
from surrogates.language.vocabulary import (
    FITTED,
    FUNCTIONS,
    MAX_STRINGS,
    PAIR_FEATURES,
    TOKEN_FEATURES,
    Feature,
    Type,
    token_feature,
)


class Reason(StrEnum):
    """Why a program is refused."""

    SYNTAX = "syntax error"
    SIGNATURE = "wrong signature"
    DOCSTRING = "no hypothesis"
    STATEMENT = "statement not available"
    EXPRESSION = "expression not available"
    NAME = "unknown name"
    FEATURE = "unknown feature"
    ARGUMENT = "wrong argument"
    TYPE = "mask and number confused"
    SIZE = "too large"
    POLICY = "not available in the sandbox"


@dataclass(frozen=True)
class Problem:
    """One departure from the contract."""

    line: int
    reason: Reason
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


@dataclass(frozen=True)
class Typed:
    """What is known of an expression: its type and whether it varies over queries and keys."""

    type: Type
    query: bool = False
    key: bool = False

    def joined(self, *others: "Typed", type_: Type) -> "Typed":
        every = (self, *others)
        return Typed(type_, any(t.query for t in every), any(t.key for t in every))


Value = Typed | Literal["query", "key", "pair"]
_NUMBER = Typed("number")
_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)
RESERVED = {"query", "key", "pair", "inf", *FUNCTIONS, *FITTED}


class Validator:
    """Walks a function's body once; ``problems`` holds what it found, ``types`` the type of every expression node.

    Args:
        constants: names of the constants.
        line: of the function's definition.
    """

    def __init__(self, constants: set[str], line: int = 1) -> None:
        self.line = line
        self.problems: list[Problem] = []
        self.types: dict[ast.expr, Value] = {}
        self.constants = constants
        self.names: dict[str, Value] = {"query": "query", "key": "key", "pair": "pair", "inf": _NUMBER}
        self.names |= dict.fromkeys(constants, _NUMBER)

    def report(self, node: ast.AST, reason: Reason, message: str) -> Typed:
        self.problems.append(Problem(getattr(node, "lineno", 1), reason, message))
        return _NUMBER

    # Statements.

    def body(self, statements: list[ast.stmt]) -> None:
        for statement in statements[:-1]:
            self.statement(statement)
        last = statements[-1] if statements else None
        if isinstance(last, ast.Return) and last.value is not None:
            self.expression(last.value)
        elif last is None:
            self.problems.append(Problem(self.line, Reason.STATEMENT, "the body is empty; return the scores"))
        else:
            self.report(last, Reason.STATEMENT, "the last statement must return the scores")

    def statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self.assign(node, name, self.expression(value))
            case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
                current = self.name(node, name)
                self.assign(node, name, self.operation(node, op, current, self.expression(value)))
            case ast.Assign() | ast.AugAssign() | ast.AnnAssign():
                self.report(node, Reason.STATEMENT, "assign to one plain name, as in `near = pair.within(4)`")
            case ast.Return():
                self.report(node, Reason.STATEMENT, "return only once, at the end; choose with where(mask, x, y)")
            case _:
                word = type(node).__name__.lower()
                self.report(node, Reason.STATEMENT, f"`{word}` is not available here; write assignments and one return")

    def assign(self, node: ast.stmt, name: str, value: Typed) -> None:
        if name in RESERVED or name in self.constants:
            self.report(node, Reason.NAME, f"`{name}` is taken; choose another name")
        elif name.startswith("_"):
            self.report(node, Reason.NAME, f"`{name}` starts with an underscore; drop it")
        else:
            self.names[name] = value

    # Expressions.

    def expression(self, node: ast.expr) -> Typed:
        """Type of an expression that must be a mask or a number."""
        value = self.value(node)
        if isinstance(value, Typed):
            return value
        return self.report(node, Reason.TYPE, f"`{value}` by itself is no number; name one of its features")

    def value(self, node: ast.expr) -> Value:
        value = self._value(node)
        self.types[node] = value
        return value

    def _value(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant(value=bool()):
                return self.report(node, Reason.EXPRESSION, "True and False are not available; write 1.0 or 0.0")
            case ast.Constant(value=int() | float() as number):
                if abs(number) > 1e30:
                    return self.report(node, Reason.EXPRESSION, "numbers above 1e30 are not available; write inf")
                return _NUMBER
            case ast.Name(id=name):
                return self.name(node, name)
            case ast.Attribute():
                return self.attribute(node)
            case ast.UnaryOp(op=ast.Invert(), operand=operand):
                return self.mask(operand, "~")
            case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
                return self.expression(operand).joined(type_="number")
            case ast.BinOp(left=left, op=op, right=right):
                return self.operation(node, op, self.expression(left), self.expression(right))
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return self.compare(node, op, left, right)
            case ast.Call():
                return self.call(node)
        return self.report(node, Reason.EXPRESSION, _instead(node))

    def name(self, node: ast.AST, name: str) -> Value:
        if name in self.names:
            return self.names[name]
        if name in FUNCTIONS or name in FITTED:
            return self.report(node, Reason.NAME, f"`{name}` is a function; call it")
        return self.report(node, Reason.NAME, f"`{name}` is not defined; constants are parameters with a default")

    def mask(self, node: ast.expr, operator: str) -> Typed:
        found = self.expression(node)
        if found.type != "mask":
            return self.report(
                node,
                Reason.TYPE,
                f"`{operator}` takes masks; `{ast.unparse(node)}` is a number: compare it, as in `x > 0`",
            )
        return found

    def operation(self, node: ast.AST, op: ast.operator, left: Value, right: Typed) -> Typed:
        if not isinstance(left, Typed):
            return self.report(node, Reason.TYPE, f"`{left}` by itself is no number; name one of its features")
        if isinstance(op, _ARITHMETIC):
            return left.joined(right, type_="number")
        if isinstance(op, ast.BitAnd | ast.BitOr):
            if left.type == right.type == "mask":
                return left.joined(right, type_="mask")
            return self.report(node, Reason.TYPE, "`&` and `|` take masks on both sides; put comparisons in brackets")
        return self.report(node, Reason.EXPRESSION, "only + - * / ** & | are available between two values")

    def compare(self, node: ast.Compare, op: ast.cmpop, left: ast.expr, right: ast.expr) -> Typed:
        if not isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE | ast.Eq | ast.NotEq):
            return self.report(node, Reason.EXPRESSION, "`in` and `is` are not available; write is_one_of(…) or ==")
        return self.expression(left).joined(self.expression(right), type_="mask")

    def attribute(self, node: ast.Attribute) -> Value:
        owner = self.value(node.value)
        if owner in ("query", "key") and node.attr == "previous":
            return owner
        feature = self.feature(node, owner)
        if feature is None:
            return _NUMBER
        if feature.argument is not None:
            return self.report(node, Reason.ARGUMENT, f"`{node.attr}` needs an argument: {_example(feature)}")
        return _reach(feature, owner)

    def feature(self, node: ast.Attribute, owner: Value) -> Feature | None:
        if isinstance(owner, Typed):
            self.report(node, Reason.FEATURE, f"`.{node.attr}`: only query, key and pair have features")
            return None
        found = PAIR_FEATURES.get(node.attr) if owner == "pair" else token_feature(node.attr)
        if found is None:
            where = "`pair`" if owner == "pair" else "`query` and `key`"
            other = TOKEN_FEATURES if owner == "pair" else PAIR_FEATURES
            hint = f"; `{'key' if owner == 'pair' else 'pair'}.{node.attr}` exists" if node.attr in other else ""
            self.report(node, Reason.FEATURE, f"{where} has no feature `{node.attr}`{hint}")
            return None
        return found

    def call(self, node: ast.Call) -> Value:
        if isinstance(node.func, ast.Name) and node.func.id in FITTED:
            return self.fitted(node, node.func.id)
        if node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
            return self.report(node, Reason.ARGUMENT, "pass arguments by position")
        if isinstance(node.func, ast.Name):
            return self.function(node, node.func.id)
        if not isinstance(node.func, ast.Attribute):
            return self.report(node, Reason.EXPRESSION, "call a function or a feature by its name")
        owner = self.value(node.func.value)
        feature = self.feature(node.func, owner)
        if feature is None:
            return _NUMBER
        match feature.argument:
            case "count":
                return self.count_feature(node, feature)
            case "strings":
                return self.strings_feature(node, feature, owner)
            case "mask":
                return self.latest(node, feature)
        return self.report(node, Reason.ARGUMENT, f"`{feature.name}` is no function; drop the brackets")

    def function(self, node: ast.Call, name: str) -> Typed:
        if name not in FUNCTIONS:
            message = f"there is no function `{name}`; available: {', '.join([*FUNCTIONS, *FITTED])}"
            return self.report(node, Reason.NAME, message)
        wanted = FUNCTIONS[name].arguments
        if len(node.args) != wanted:
            return self.report(node, Reason.ARGUMENT, f"`{name}` takes {wanted} argument{'s' * (wanted > 1)}")
        first = self.mask(node.args[0], name) if name == "where" else self.expression(node.args[0])
        return first.joined(*map(self.expression, node.args[1:]), type_="number")

    def fitted(self, node: ast.Call, name: str) -> Typed:
        wrong = wrong_form(node, name)
        if wrong is not None:
            return self.report(node, Reason.ARGUMENT, wrong)
        if name == "curve":
            return self.expression(node.args[0]).joined(type_="number")
        owner = self.value(node.args[0])
        if owner not in ("query", "key"):
            message = f"`weights` takes a token first: `query`, `key` or `.previous` of either: `{FITTED[name].form}`"
            return self.report(node, Reason.ARGUMENT, message)
        return Typed("number", query=owner == "query", key=owner == "key")

    def count_feature(self, node: ast.Call, feature: Feature) -> Typed:
        argument = node.args[0] if len(node.args) == 1 else None
        if isinstance(argument, ast.UnaryOp) and isinstance(argument.op, ast.USub):
            argument = argument.operand
        if not isinstance(argument, ast.Constant) or type(argument.value) is not int or argument.value > 100_000:
            return self.report(node, Reason.ARGUMENT, f"`{feature.name}` takes one whole number: {_example(feature)}")
        return _reach(feature, "pair")

    def strings_feature(self, node: ast.Call, feature: Feature, owner: Value) -> Typed:
        strings = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        if len(strings) != len(node.args) or not 1 <= len(strings) <= MAX_STRINGS:
            message = f"`is_one_of` takes 1 to {MAX_STRINGS} strings: {_example(feature)}"
            return self.report(node, Reason.ARGUMENT, message)
        return _reach(feature, owner)

    def latest(self, node: ast.Call, feature: Feature) -> Typed:
        if len(node.args) != 1:
            return self.report(node, Reason.ARGUMENT, f"`latest` takes one mask: {_example(feature)}")
        found = self.mask(node.args[0], "latest")
        if found.type == "mask" and not found.key:
            message = f"`latest` takes a mask of keys or pairs: {_example(feature)}"
            return self.report(node, Reason.ARGUMENT, message)
        return _reach(feature, "pair")


def _reach(feature: Feature, owner: Value) -> Typed:
    return Typed(feature.type, query=owner in ("query", "pair"), key=owner in ("key", "pair"))


def _example(feature: Feature) -> str:
    examples = {"offset": "`pair.offset(1)`", "within": "`pair.within(4)`", "latest": "`pair.latest(key.is_comma)`"}
    return examples.get(feature.name, '`key.is_one_of("and", "or")`')


def _instead(node: ast.expr) -> str:
    match node:
        case ast.Compare():
            return "chained comparisons are not available; write `(a < b) & (b < c)`"
        case ast.BoolOp():
            return "`and` and `or` are not available; write `&` and `|` between masks"
        case ast.UnaryOp():
            return "`not` is not available; write `~mask`"
        case ast.IfExp():
            return "`x if c else y` is not available; write `where(c, x, y)`"
        case ast.Constant():
            return f"{node.value!r} is not available here; only numbers are"
    return f"`{ast.unparse(node)[:60]}` is not available in a vectorised program"
