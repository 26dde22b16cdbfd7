"""Writes fitted terms as a program's source: constants named after their factors, a hypothesis in words."""

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from surrogates.language.program import format_constant

EVERYWHERE = "1"
"""The factor that is 1 in every cell, so that products of fewer than three factors are products of three."""

_WIDTH = 112
_PHRASES = (
    (r"pair\.offset\(0\)", "itself"),
    (r"pair\.offset\((-?\d+)\)", r"the key \1 back"),
    (r"pair\.within\((\d+)\)", r"the last \1 tokens"),
    (r"exp\(.*pair\.distance\)+", "the nearest keys"),
    (r"(log1p\(|abs\()?pair\.(log_)?distance\)?", "distance"),
    (r"(log1p\(|abs\()*pair\.word_distance\)*", "distance in words"),
    (r"pair\.sentence_distance", "distance in sentences"),
    (r"pair\.same_(\w+)", r"the same \1"),
    (r"pair\.follows_same_token", "what followed this token before"),
    (r"pair\.follows_same_bigram", "what followed these two tokens before"),
    (r"pair\.similarity", "similar tokens"),
    (r"pair\.latest\(key\.is_(\w+)\)", r"the latest \1"),
    (r"pair\.latest\(pair\.same_token.*\)", "the last time this token came"),
    (r"pair\.latest\(pair\.follows_same_token\)", "what followed this token last"),
    (r"(?:query|key)\.is_first", "the first token"),
    (r"(?:query|key)\.is_one_of\((.*)\)", r"\1"),
    (r"(?:query|key)\.previous\.is_one_of\((.*)\)", r"tokens after \1"),
    (r"(?:query|key)\.previous\.is_(\w+)", r"tokens after a \1"),
    (r"(?:query|key)\.is_(\w+)", r"\1 tokens"),
    (r"(?:log1p\()?(?:query|key)\.index\)?", "late tokens"),
    (r"(?:log1p\()?(?:query|key)\.occurrences\)?", "repeated tokens"),
    (r"(?:query|key)\.length", "long tokens"),
    (r"(?:log1p\()?(?:query|key)\.(word|sentence)_position\)?", r"tokens late in their \1"),
)


@dataclass(frozen=True)
class Product:
    """A product of at most three factors, each an expression over the vocabulary or ``EVERYWHERE``."""

    query: str
    key: str
    pair: str

    @property
    def factors(self) -> tuple[str, ...]:
        return tuple(f for f in (self.query, self.key, self.pair) if f != EVERYWHERE)

    def __str__(self) -> str:
        return " * ".join(self.factors)


def write_program(terms: Sequence[Product], weights: Sequence[float], importance: Sequence[float]) -> tuple[str, str]:
    """Label and source of a program that sums terms.

    Args:
        terms: the structure.
        weights: their constants.
        importance: how much each term pays: the source lists them in this order, the hypothesis names three.
    """
    order = sorted(range(len(terms)), key=lambda place: -importance[place])
    names = _constant_names([terms[place] for place in order])
    constants = ", ".join(f"{name}={format_constant(weights[p])}" for name, p in zip(names, order, strict=True))
    hypothesis = "; ".join(_phrase(terms[place], weights[place]) for place in order[:3])
    summands = [f"{name} * {terms[place]}" for name, place in zip(names, order, strict=True)]
    head = _wrap(f"def attend(query, key, pair, {constants}):", "    " * 2)
    return "_and_".join(names[:2]), f'{head}\n    """{_docstring(hypothesis)}"""\n{_return(summands)}\n'


def layout(signature: str, hypothesis: str, summands: list[str]) -> str:
    """A program's source of its parts."""
    return f'{_wrap(signature, "    " * 2)}\n    """{_docstring(hypothesis)}"""\n{_return(summands)}\n'


def _docstring(text: str) -> str:
    text = text[0].upper() + text[1:] + "."
    text = text.replace("\\", "\\\\")
    return "\n".join(textwrap.wrap(text, _WIDTH - 8, subsequent_indent="    ", break_long_words=False))


def _return(summands: list[str]) -> str:
    if len(summands) == 1 and len(summands[0]) < _WIDTH - 12:
        return f"    return {summands[0]}"
    lines = [_wrap(f"        {'+ ' if place else ''}{text}", "            ") for place, text in enumerate(summands)]
    return "    return (\n" + "\n".join(lines) + "\n    )"


def _wrap(line: str, indent: str) -> str:
    """Break a long line after commas that stand outside string literals."""
    pieces = re.split(r'(?<=,) (?=(?:[^"\\]|\\.|"(?:[^"\\]|\\.)*")*$)', line)
    rows = [pieces[0]]
    for piece in pieces[1:]:
        if len(rows[-1]) + len(piece) + 1 > _WIDTH:
            rows.append(indent + piece)
        else:
            rows[-1] += " " + piece
    return "\n".join(rows)


def _constant_names(terms: Sequence[Product]) -> list[str]:
    names: list[str] = []
    for term in terms:
        parts = [_word(factor) for factor in term.factors]
        name = base = "_".join(dict.fromkeys(parts))
        number = 2
        while name in names:
            name, number = f"{base}_{number}", number + 1
        names.append(name)
    return names


def _word(factor: str) -> str:
    """A factor as part of an identifier: ``key.previous.is_comma`` is ``after_comma``."""
    name = re.sub(r"is_one_of\(.*\)", "words", factor)
    name = re.sub(r"exp\(-(abs\()?pair\.distance\)+", "nearest", name)
    name = re.sub(r"exp\(-0\.3 \* (abs\()?pair\.distance\)+", "near", name)
    name = name.replace("query.previous.", "from_after_").replace("query.", "from_").replace("key.previous.", "after_")
    name = re.sub(r"(pair|key)\.|is_|log1p|abs", "", name).replace("-", "minus_")
    return re.sub(r"_+", "_", re.sub(r"\W+", "_", name)).strip("_")


def _phrase(term: Product, weight: float) -> str:
    """A term in words: which queries prefer or avoid which keys."""
    keys = [_in_words(factor) for factor in (term.key, term.pair) if factor != EVERYWHERE]
    verb = "prefers" if weight > 0 else "avoids"
    looked_at = " and ".join(keys)
    return f"{verb} {looked_at}" if term.query == EVERYWHERE else f"{verb} {looked_at} from {_in_words(term.query)}"


def _in_words(factor: str) -> str:
    for pattern, words in _PHRASES:
        if match := re.fullmatch(pattern, factor):
            phrase = match.expand(words)
            strings = re.findall(r'"(?:[^"\\]|\\.)*"', phrase)
            return phrase.replace(", ".join(strings), _listed(strings)) if strings else phrase.replace("_", " ")
    return factor


def _listed(strings: Sequence[str]) -> str:
    """At most four of some string literals, in quotation marks that a docstring can hold."""
    shown = ", ".join("‘" + literal[1:-1].replace('\\"', "”") + "’" for literal in strings[:4])
    return shown if len(strings) <= 4 else f"{shown} …"


def repr_string(text: str) -> str:
    """A double-quoted Python literal."""
    inner = repr(text)[1:-1]
    if repr(text)[0] == "'":
        inner = inner.replace("\\'", "'").replace('"', '\\"')
    return f'"{inner}"'
