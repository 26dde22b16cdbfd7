"""What parts say, in the words that people use of attention heads."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from surrogates.language.clusters import PREFIX, is_cluster
from synth.proposers.additive.parts import DISTANCE, FIRST, Curve, Mask, Pairing, Part, WordWeights
from synth.proposers.layout import repr_string

if TYPE_CHECKING:
    from synth.proposers.additive.writing import Table

_MASKS = {
    "pair.same_token & ~pair.offset(0)": ("same_token", "earlier copies of the token"),
    "pair.follows_same_token": ("follows_same_token", "what followed this token before"),
    "pair.follows_same_bigram": ("follows_same_bigram", "what followed these two tokens before"),
    "pair.same_previous_token & ~pair.offset(0)": ("same_previous_token", "tokens after the same neighbour"),
    "pair.latest(pair.same_token & ~pair.offset(0))": ("last_copy", "the last copy of the token"),
    "pair.latest(pair.follows_same_token)": ("last_follower", "what followed this token last"),
    "pair.same_word": ("same_word", "its own word"),
    "pair.same_sentence": ("same_sentence", "its own sentence"),
    FIRST: ("first", "the first token"),
}
_PLURALS = {
    "short": "short tokens",
    "special": "special tokens",
    "capitalised": "capitalised tokens",
    "alphabetic": "letters",
    "punctuation": "punctuation",
    "auxiliary": "auxiliaries",
}
"""Of classes of tokens where no s is enough."""
_SHOWN = 3
_TOLD = 3


@dataclass(frozen=True)
class Written:
    """A part as it stands in a source.

    Attributes:
        constant: the parameter that a mask is multiplied by, with its value.
        tables: its word weights, of a pairing the query's and the key's.
        curve: values at its knots.
    """

    part: Part
    source: str
    constant: str = ""
    value: float = 0.0
    tables: tuple["Table", ...] = ()
    curve: dict[int, float] = field(default_factory=dict)


def hypothesis(parts: Sequence[Written], shares: Sequence[float]) -> str:
    """A line on what parts do, given what share of the explanation each of them carries, greatest first."""
    told = [
        f"{phrase(part)} ({share:.0%})" if len(parts) > 1 else phrase(part)
        for part, share in list(zip(parts, shares, strict=True))[:_TOLD]
    ]
    return "; ".join(told) or "every key alike"


def phrase(written: Written) -> str:
    """What a part prefers, or avoids."""
    part = written.part
    match part:
        case Curve(number=number):
            return _of_distance(written.curve) if number == DISTANCE else _of_index(written.curve)
        case Mask(expression=expression):
            _, words = _mask(expression)
            return words if written.value > 0 else f"avoids {words}"
        case Pairing():
            query, key = written.tables
            sign, queries = _listed(query)
            liked, keys = _listed(key)
            return f"{'' if sign * liked > 0 else 'avoids '}{keys} from {queries}"
        case WordWeights(token=token, cells=cells):
            sign, words = _listed(written.tables[0])
            if token.endswith(".previous"):
                words = f"tokens after {words}"
            return _weighed(token.startswith("query"), cells, words, sign)
    raise AssertionError(part)


def name_of(written: Written) -> str:
    """A part as an identifier."""
    part = written.part
    match part:
        case Curve(number=number):
            return "distance" if number == DISTANCE else "first_by_index"
        case Mask(expression=expression):
            return _mask(expression)[0]
        case Pairing():
            return "pairing"
        case WordWeights(token=token, cells=cells):
            side = token.replace(".previous", "_neighbour")
            places = {"": "", FIRST: "_to_first", "pair.log_distance": "_reach", "pair.offset(0)": "_itself"}
            where = places.get(cells) if cells in places else f"_{_offset(cells)}_back".replace("-", "minus_")
            return f"{side}_words{where}"
    raise AssertionError(part)


def _mask(expression: str) -> tuple[str, str]:
    if expression in _MASKS:
        return _MASKS[expression]
    name = expression.removeprefix("pair.latest(key.is_").removesuffix(")")
    return f"latest_{name}", f"the latest {name.replace('_', ' ')}"


def _offset(cells: str) -> int:
    return int(cells.removeprefix("pair.offset(").removesuffix(")"))


def _of_distance(curve: dict[int, float]) -> str:
    # The far end is at zero whatever the rest is, and few tokens of a text are that far apart.
    inner = {knot: value for knot, value in curve.items() if abs(knot) < max(map(abs, curve))}
    if len(inner) < 2:
        inner = curve
    peak = max(inner, key=lambda knot: inner[knot])
    if abs(peak) == max(map(abs, inner)) > 1:
        return "keys far back" if peak > 0 else "keys far ahead"
    if abs(peak) <= 1:
        return {0: "itself and the nearest keys", 1: "the previous token", -1: "the next token"}[peak]
    return f"keys about {abs(peak)} {'back' if peak > 0 else 'ahead'}"


def _of_index(curve: dict[int, float]) -> str:
    first, *_, last = curve.values()
    return f"the first token, {'more' if last > first else 'less'} so late in the text"


def _weighed(by_query: bool, cells: str, words: str, sign: int) -> str:
    avoids = "" if sign > 0 else "avoids "
    if cells == "":
        return f"{avoids}{words}"
    if cells == "pair.log_distance":
        if by_query:
            return f"{'far' if sign > 0 else 'near'} keys from {words}"
        return f"{words} {'however far' if sign > 0 else 'while near'}"
    if cells == FIRST:
        return f"{avoids}the first token from {words}"
    offset = _offset(cells)
    place = {0: "itself", 1: "the previous token", -1: "the next token"}.get(offset, f"the key {offset} back")
    return f"{avoids}{place} from {words}" if by_query else f"{avoids}{words} as {place}"


def _listed(table: "Table") -> tuple[int, str]:
    """Whether the heaviest of some weights is positive, 1 or -1, and a few of that sign."""
    every = [(_quoted(word), value) for word, value in table.words.items()]
    every += [(_in_words(name), value) for name, value in table.classes.items()]
    every.sort(key=lambda item: -abs(item[1]))
    sign = -1 if every[0][1] < 0 else 1
    alike = [name for name, value in every if value * sign >= 0]
    return sign, ", ".join(alike[:_SHOWN]) + (" …" if len(alike) > _SHOWN else "")


def _quoted(word: str) -> str:
    """A word in quotation marks, written so that a docstring can hold it."""
    return "‘" + repr_string(word)[1:-1].replace('\\"', "”") + "’"


def _in_words(name: str) -> str:
    """Tokens of a class."""
    if is_cluster(name):
        return f"words like ‘{name.removeprefix(PREFIX)}’"
    plain = name.removeprefix("is_").replace("_", " ")
    return _PLURALS.get(plain, f"{plain}s")
