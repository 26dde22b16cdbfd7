"""Messages to a language model: templates filled with as much of each part as fits."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from itertools import chain, zip_longest
from typing import Literal

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from prompts.edges import FEWEST, SHARE, HeadText, edge_line, grouped_edges, missed_edges, quoted, strongest_edges
from prompts.tokens import estimate_tokens
from surrogates.errors import InputError
from surrogates.language.vocabulary import vocabulary_table

LIMIT = 12_000
"""Tokens of a whole prompt, system message included, by the estimate."""
_EXCERPT = 120
"""Characters of a text that are shown in one piece."""


_BYTES_BEHIND = re.compile(r"(?:<0x[0-9A-F]{2}>){1,3}$")
_MESSAGE = 5
"""Role, separators and the like around each message; the known chat templates take 3 to 6."""


@dataclass(frozen=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


def estimate_prompt(messages: Sequence[Message]) -> int:
    """About how many tokens a conversation takes."""
    return sum(estimate_tokens(message.content) + _MESSAGE for message in messages)


@dataclass(frozen=True)
class Evidence:
    """A term over the vocabulary and what it alone would save, in nats a query row; a minus in front: it repels."""

    expression: str
    gain: float


@dataclass(frozen=True)
class Shown:
    """A program as it is shown: its source, with its mean IoU on train texts."""

    source: str
    train_iou: float


@dataclass(frozen=True, eq=False)
class Compared:
    """A train text, a program's pattern on it, shape (n, n), and the IoU of the two patterns."""

    text: HeadText
    found: np.ndarray
    iou: float


@dataclass(frozen=True)
class Sizes:
    """How much of each part is shown: texts, edges of a group, programs, rows of evidence or ideas."""

    texts: int
    edges: int
    programs: int
    evidence: int


_LARGEST = Sizes(texts=6, edges=10, programs=3, evidence=16)
_MODEST = Sizes(texts=2, edges=3, programs=1, evidence=6)
_SMALLEST = Sizes(texts=1, edges=1, programs=0, evidence=0)


def propose_prompt(
    summary: Sequence[str],
    texts: Sequence[HeadText],
    *,
    causal: bool,
    evidence: Sequence[Evidence] = (),
    best: Sequence[Shown] = (),
    programs: int = 3,
    limit: int = LIMIT,
) -> list[Message]:
    """Ask for programs for a head.

    Args:
        summary: lines that say where its attention goes.
        texts: train texts to show, the first ones where not all fit.
        causal: whether queries see only keys at or before them.
        evidence: terms that would help, most helpful first.
        best: programs found so far, best first.
        programs: how many to ask for.
        limit: most tokens of the whole.

    Raises:
        InputError: even the smallest prompt is larger.
    """
    strong = [strongest_edges(text) for text in texts[: _LARGEST.texts]]

    def user(sizes: Sizes) -> str:
        shown = zip(texts, strong[: sizes.texts], strict=False)
        return _render(
            "propose.j2",
            summary=summary,
            texts=[(text, grouped_edges(edges, sizes.edges)) for text, edges in shown],
            share=f"{100 * SHARE:g} %",
            fewest=FEWEST,
            evidence=evidence[: sizes.evidence],
            best=best[: sizes.programs],
            programs=programs,
        )

    return _fitting(user, causal, limit)


def refine_prompt(
    parent: Shown,
    worst: Sequence[Compared],
    best: Sequence[Compared],
    *,
    causal: bool,
    evidence: Sequence[Evidence] = (),
    ideas: Sequence[str] = (),
    different: bool = False,
    programs: int = 1,
    limit: int = LIMIT,
) -> list[Message]:
    """Ask for a better version of a program.

    Args:
        parent: the program and how it does now.
        worst: train texts on which it does worst, the worst first.
        best: those on which it does best, the best first.
        causal: see :func:`propose_prompt`.
        evidence: terms that would help beside what the program has, most helpful first.
        ideas: terms or hypotheses of other heads' best programs.
        different: ask for another hypothesis rather than a targeted change.
        programs: how many to ask for.
        limit: most tokens of the whole.

    Raises:
        InputError: even the smallest prompt is larger.
    """
    pairs = zip_longest([("Low", c) for c in worst], [("High", c) for c in best])
    compared = [
        (kind, c.text, *missed_edges(c.text, c.found, 2 * _LARGEST.edges), c.iou)
        for kind, c in [found for found in chain.from_iterable(pairs) if found is not None][: _LARGEST.texts]
    ]

    def user(sizes: Sizes) -> str:
        # In the order worst, best, second worst, ...: where few fit, both kinds are there.
        most = 2 * sizes.edges
        return _render(
            "refine.j2",
            parent=parent,
            compared=[(kind, text, a[:most], b[:most], iou) for kind, text, a, b, iou in compared[: sizes.texts]],
            evidence=evidence[: sizes.evidence],
            ideas=ideas[: sizes.evidence],
            different=different,
            programs=programs,
        )

    return _fitting(user, causal, limit)


def repair_prompt(source: str, error: str, *, causal: bool, limit: int = LIMIT) -> list[Message]:
    """Ask for a program to be corrected.

    Args:
        source: the program as it was written.
        error: what was said of it, word for word.
        causal: see :func:`propose_prompt`.
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
        # What is listed first gives way last. A part that does not fit is left, and the smaller ones may still grow.
        growing = ["evidence", "programs", "edges", "texts"]
        while growing:
            for part in tuple(growing):
                larger = replace(sizes, **{part: getattr(sizes, part) + 1})
                if getattr(sizes, part) < getattr(target, part) and (tried := written(larger))[1] <= limit:
                    sizes, message = larger, tried[0]
                else:
                    growing.remove(part)
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
    environment.filters |= {"fence": _fence, "edge": edge_line, "excerpt": _excerpt, "one_line": _one_line}
    return environment


def _fence(text: str) -> str:
    """A fence that nothing in the text closes: longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    return "`" * max(3, longest + 1)


def _one_line(text: str) -> str:
    """A text on one line, which opens no fence."""
    return " ".join(text.split()).replace("```", r"\x60" * 3)


def _excerpt(text: HeadText) -> str:
    """The beginning of a text as a Python literal, spaces where words start."""
    starts = text.classes.get("is_word_start", np.ones(len(text.tokens), dtype=bool))
    running = ""
    for token, start in zip(text.tokens, starts, strict=True):
        space = " " if start and not running[-1:].isspace() else ""
        # A later token stands for the whole character.
        running += space + _BYTES_BEHIND.sub("", token)
    running = running.strip()
    return quoted(running) if len(running) <= _EXCERPT else quoted(running[:_EXCERPT].rstrip() + " …")
