"""Calls of `curve` and `weights`, read from a syntax tree: their form, and the values in them that are fitted."""

import ast
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from surrogates.language.curves import log_scale
from surrogates.language.vocabulary import CLASSES, FITTED, MAX_KNOTS, MAX_WORDS, TOKEN_FEATURES, is_class

_APART = 1e-6
"""Least distance of two knots on the scale on which a curve is straight, so that its slope is finite."""


@dataclass(frozen=True)
class FittedCall:
    """A call of `curve` or `weights` that is written as it should be.

    Attributes:
        node: the call; its first argument is what the values are of.
        name: ``curve1``, ``weights2``: numbered together, as they stand in the source.
        packed: what its values together go by. No parameter can be called so.
        values: the constants in it and the literals that hold their values, in the order written.
    """

    node: ast.Call
    name: str
    values: dict[str, ast.expr]

    @property
    def packed(self) -> str:
        return f"{self.name}()"

    @property
    def is_curve(self) -> bool:
        return isinstance(self.node.func, ast.Name) and self.node.func.id == "curve"

    @property
    def knots(self) -> tuple[float, ...]:
        """Of a curve."""
        return tuple(number for key in _dictionary(self.node).keys if (number := literal(key)) is not None)

    @property
    def words(self) -> tuple[str, ...]:
        """Of weights."""
        return tuple(key.value for key in _dictionary(self.node).keys if _is_string(key))  # type: ignore[union-attr]

    @property
    def classes(self) -> tuple[str, ...]:
        """Of weights."""
        return tuple(keyword.arg or "" for keyword in self.node.keywords)


def is_fitted(node: ast.AST) -> bool:
    """Whether a node calls one of the words whose literal values are fitted."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FITTED


def fitted_calls(nodes: Sequence[ast.AST]) -> list[FittedCall]:
    """The calls among the nodes of a checked program, as they stand in its source."""
    calls = [node for node in nodes if isinstance(node, ast.Call) and is_fitted(node)]
    calls.sort(key=lambda call: (call.lineno, call.col_offset))
    found = []
    for number, call in enumerate(calls, start=1):
        assert isinstance(call.func, ast.Name)
        name = f"{call.func.id}{number}"
        dictionary = _dictionary(call)
        values = {
            f"{name}[{_shown(key)}]": value for key, value in zip(dictionary.keys, dictionary.values, strict=True)
        }
        values |= {f"{name}.{keyword.arg}": keyword.value for keyword in call.keywords}
        found.append(FittedCall(call, name, values))
    return found


def classes_in(nodes: Sequence[ast.AST]) -> set[str]:
    """Names of the classes that have a weight in calls among some nodes."""
    named = {keyword.arg or "" for call in _calls_of_weights(nodes) for keyword in call.keywords}
    return set(filter(is_class, named))


def has_words(nodes: Sequence[ast.AST]) -> bool:
    """Whether a word has one."""
    return any(isinstance(argument, ast.Dict) and argument.keys
               for call in _calls_of_weights(nodes) for argument in call.args)  # fmt: skip


def _calls_of_weights(nodes: Sequence[ast.AST]) -> Iterator[ast.Call]:
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "weights":
            yield node


def literal(node: ast.expr | None) -> float | None:
    """The number that is written out, with a sign or without; None where there is none, or one beyond any score."""
    sign = 1.0
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        sign = -1.0 if isinstance(node.op, ast.USub) else 1.0
        node = node.operand
    if not isinstance(node, ast.Constant) or type(node.value) not in (int, float):
        return None
    value = sign * float(node.value)  # type: ignore[arg-type]
    return value if abs(value) <= 1e30 else None


def wrong_form(node: ast.Call, name: str) -> str | None:
    """What is wrong with the arguments of `curve` or `weights` after the first, and what to write instead."""
    form = f"`{FITTED[name].form}`"
    if name == "curve" and node.keywords:
        return f"`curve` takes no names of arguments: {form}"
    if len(node.args) != 2 or not isinstance(node.args[1], ast.Dict):
        what = (
            "a number, then its knots and their values" if name == "curve" else "a token, then words and their weights"
        )
        return f"`{name}` takes {what} in braces: {form}"
    if None in node.args[1].keys or any(keyword.arg is None for keyword in node.keywords):
        return f"`**` is not available in `{name}`; write the values out: {form}"
    wrong = _wrong_knots(node.args[1]) if name == "curve" else _wrong_words(node)
    if wrong is not None:
        return f"{wrong}: {form}"
    for value in (*node.args[1].values, *(keyword.value for keyword in node.keywords)):
        if literal(value) is None:
            return f"`{ast.unparse(value)[:60]}` in `{name}`: values are numbers; they are fitted: {form}"
    return None


def _wrong_knots(dictionary: ast.Dict) -> str | None:
    knots = [number for key in dictionary.keys if (number := literal(key)) is not None]
    if len(knots) < len(dictionary.keys):
        return "the knots of `curve` are numbers, written out"
    if not 2 <= len(knots) <= MAX_KNOTS:
        return f"`curve` takes 2 to {MAX_KNOTS} knots, not {len(knots)}"
    for before, after in pairwise(knots):
        if after <= before:
            return f"the knots of `curve` increase, but {_plain(after)} comes after {_plain(before)}"
        if log_scale(after) - log_scale(before) < _APART:
            return f"the knots {_plain(before)} and {_plain(after)} of `curve` are too close"
    return None


def _wrong_words(node: ast.Call) -> str | None:
    keys, classes = _dictionary(node).keys, [keyword.arg or "" for keyword in node.keywords]
    words = [key.value for key in keys if _is_string(key)]  # type: ignore[union-attr]
    if len(words) < len(keys):
        return "the words of `weights` are strings, written out"
    if len(words) > MAX_WORDS:
        return f"`weights` takes at most {MAX_WORDS} words, not {len(words)}"
    for named in (words, classes):
        twice = next((name for name in named if named.count(name) > 1), None)
        if twice is not None:
            return f"{_quoted(twice)} stands twice in `weights`"
    for name in classes:
        if not is_class(name):
            return _no_class(name)
    return None if words or classes else "`weights` takes at least one word or class"


def _no_class(name: str) -> str:
    feature = TOKEN_FEATURES.get(name)
    if feature is None:
        return f"`weights` knows no class `{name}`; classes are {', '.join(CLASSES)}"
    if feature.argument is not None:
        return f"`{name}` is no class of `weights`; write its strings as words"
    return f"`{name}` is a number, no class of `weights`; add a term or a curve of it"


def _dictionary(call: ast.Call) -> ast.Dict:
    found = call.args[1]
    assert isinstance(found, ast.Dict)
    return found


def _is_string(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _shown(key: ast.expr | None) -> str:
    number = literal(key)
    if number is not None:
        return _plain(number)
    assert isinstance(key, ast.Constant)
    return _quoted(str(key.value))


def _plain(number: float) -> str:
    """A knot as a person writes it."""
    return np.format_float_positional(number + 0.0, trim="-")


def _quoted(word: str) -> str:
    """A word in quotation marks; what commands a terminal, or is half of a character, is written as an escape."""
    if word.isalnum():
        return f'"{word}"'  # as most are, and what follows takes its time
    return '"' + "".join(json.dumps(c, ensure_ascii=not c.isprintable())[1:-1] for c in word) + '"'
