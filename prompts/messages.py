"""Messages to a language model: templates filled with as much of each part as fits."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from jinja2 import Environment, PackageLoader, StrictUndefined

from prompts.abridged import Part, abridged
from prompts.conversation import Message, estimate_prompt
from prompts.edges import (
    FEWEST,
    SHARE,
    Compared,
    edge_line,
    grouped_edges,
    missed_edges,
    numbered,
    strongest_edges,
)
from prompts.residual import Residual, Word, residual, share_line
from prompts.summary import summary_lines
from prompts.word_parts import word_part_lines
from surrogates.errors import InputError
from surrogates.language.vocabulary import vocabulary_table

LIMIT = 12_000
"""Tokens of a whole prompt, system message included, by the estimate."""


@dataclass(frozen=True)
class Shown:
    """A program as it is shown.

    Attributes:
        train_iou: its mean IoU on train texts.
        parts: of a vectorised one that can be told apart; none of others, which are shown as code.
    """

    source: str
    hypothesis: str
    train_iou: float
    parts: Sequence[Part] = ()

    def abridged(self, words: int) -> str:
        """The source with at most so many words and so many classes in each table."""
        return abridged(self.source, words)


@dataclass(frozen=True)
class Sizes:
    """How much of each part is shown: texts, edges of a group, words of a table, rows of a list, ideas, programs."""

    texts: int
    edges: int
    words: int
    rows: int
    ideas: int
    programs: int


_LARGEST = Sizes(texts=12, edges=10, words=24, rows=16, ideas=6, programs=3)
_MODEST = Sizes(texts=8, edges=3, words=6, rows=6, ideas=2, programs=1)
_STEPS = 4
"""In which each part grows from one size to the next."""
_SMALLEST = Sizes(texts=1, edges=1, words=1, rows=1, ideas=0, programs=0)


def part_prompt(
    standing: Shown,
    compared: Sequence[Compared],
    shown: Sequence[Compared],
    *,
    causal: bool,
    layer: str = "",
    alike: Mapping[str, Sequence[Word]] = MappingProxyType({}),
    parts: int = 1,
    limit: int = LIMIT,
) -> list[Message]:
    """Ask for what a head's program misses.

    Args:
        standing: the program that parts are added to.
        compared: train texts from which it is told where the program departs from the head.
        shown: those that are shown whole, the first ones where not all fit.
        causal: whether queries see only keys at or before them.
        layer: which the head is in, such as ``layer 1 of 5``.
        alike: clusters of words, each with its most frequent ones.
        parts: how many to ask for.
        limit: most tokens of the whole.

    Raises:
        InputError: even the smallest prompt is larger.
    """
    missed = [(one, *missed_edges(one.text, one.found, 2 * _LARGEST.edges)) for one in shown[: _LARGEST.texts]]
    told = _Told.of(compared)

    def user(sizes: Sizes) -> str:
        most = 2 * sizes.edges
        texts = [(one, under[:most], over[:most]) for one, under, over in missed[: sizes.texts]]
        return _render(
            "part.j2", standing=standing, layer=layer, told=told, texts=texts, alike=alike, wanted=parts, sizes=sizes
        )

    return _fitting(user, causal, limit)


def program_prompt(
    standing: Shown,
    compared: Sequence[Compared],
    shown: Sequence[Compared],
    *,
    causal: bool,
    layer: str = "",
    alike: Mapping[str, Sequence[Word]] = MappingProxyType({}),
    ideas: Sequence[str] = (),
    others: Sequence[Shown] = (),
    programs: int = 1,
    limit: int = LIMIT,
) -> list[Message]:
    """Ask for programs of another hypothesis.

    Args:
        standing: see :func:`part_prompt`, as for all that is not named here.
        ideas: terms or hypotheses of other heads' best programs.
        others: programs of other kinds that were found for the head, best first.
        programs: how many to ask for.

    Raises:
        InputError: even the smallest prompt is larger.
    """
    strong = [(one.text, strongest_edges(one.text)) for one in shown[: _LARGEST.texts]]
    told = _Told.of(compared)

    def user(sizes: Sizes) -> str:
        return _render(
            "program.j2",
            standing=standing,
            layer=layer,
            told=told,
            texts=[(text, grouped_edges(edges, sizes.edges)) for text, edges in strong[: sizes.texts]],
            share=f"{100 * SHARE:g} %",
            fewest=FEWEST,
            alike=alike,
            ideas=ideas[: sizes.ideas],
            others=others[: sizes.programs],
            wanted=programs,
            sizes=sizes,
        )

    return _fitting(user, causal, limit)


@dataclass(frozen=True)
class _Told:
    """What is said of a head and a program over many texts."""

    summary: list[str]
    word_parts: list[str]
    residual: Residual

    @classmethod
    def of(cls, compared: Sequence[Compared]) -> "_Told":
        return cls(summary_lines(compared), word_part_lines(compared), residual(compared))


def repair_prompt(source: str, error: str, *, causal: bool, limit: int = LIMIT) -> list[Message]:
    """Ask for a program to be corrected.

    Args:
        source: the program as it was written.
        error: what was said of it, word for word.
        causal: see :func:`part_prompt`.
        limit: most tokens of the whole.

    Raises:
        InputError: the prompt is larger; nothing of it can be left out.
    """
    return _fitting(lambda _: _render("repair.j2", source=source, error=error), causal, limit)


def system_message(*, causal: bool) -> Message:
    """The task, the contract and the vocabulary: the same for every head of a model, so that servers can cache it."""
    return Message("system", _system(causal))


@cache
def _system(causal: bool) -> str:
    templates = files("prompts") / "templates"
    return _render(
        "system.j2",
        causal=causal,
        vocabulary=vocabulary_table(),
        vectorised_example=(templates / "vectorised_example.py.txt").read_text(encoding="utf-8").strip(),
        scripted_example=(templates / "scripted_example.py.txt").read_text(encoding="utf-8").strip(),
    )


def _fitting(user: Callable[[Sizes], str], causal: bool, limit: int) -> list[Message]:
    """The prompt with as much of each part as fits: the parts grow from nothing in a fixed order."""
    system = system_message(causal=causal)
    taken = estimate_prompt([system])

    def written(sizes: Sizes) -> tuple[Message, int]:
        message = Message("user", user(sizes))
        return message, taken + estimate_prompt([message])

    sizes = _SMALLEST
    message, needed = written(sizes)
    if needed > limit:
        raise InputError(
            f"the smallest prompt takes about {needed} tokens, and {limit} are allowed; raise --prompt-tokens"
        )
    for target in (_MODEST, _LARGEST):
        tried, needed = written(target)
        if needed <= limit:
            sizes, message = target, tried
            continue
        # What is listed first gives way last. A part that does not fit is left, and the smaller ones may still grow.
        growing = {
            part: max(1, (getattr(target, part) - getattr(sizes, part)) // _STEPS)
            for part in ("texts", "rows", "words", "edges", "ideas", "programs")
        }
        while growing:
            for part, step in tuple(growing.items()):
                larger = replace(sizes, **{part: min(getattr(target, part), getattr(sizes, part) + step)})
                tried, needed = written(larger)
                if larger != sizes and needed <= limit:
                    sizes, message = larger, tried
                else:
                    del growing[part]
    return [system, message]


def _render(template: str, **values: object) -> str:
    return _environment().get_template(template).render(**values).strip() + "\n"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("prompts"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "fence": _fence, "edge": edge_line, "numbered": numbered, "one_line": _one_line, "share": share_line,
    }  # fmt: skip
    return environment


def _fence(text: str) -> str:
    """A fence that nothing in the text closes: longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    return "`" * max(3, longest + 1)


def _one_line(text: str) -> str:
    """A text on one line, which opens no fence."""
    return " ".join(text.split()).replace("```", r"\x60" * 3)
