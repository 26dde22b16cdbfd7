"""What is known of a head: the best program of each niche, so that parents differ and not only the best is improved.

A grid as in MAP-Elites (Mouret and Clune 2015), over a program's size and the families of features it uses.
"""

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from surrogates.language.program import Program
from surrogates.language.vocabulary import PAIR_FEATURES, TOKEN_FEATURES
from surrogates.library.candidates import Candidate

SIZES = (32, 64, 128, 256)
"""Upper bounds of the size classes, in nodes of the body's syntax tree; a larger program is in the class beyond."""

PATIENCE = 2
"""Rounds without a better program after which a head is left alone."""
LEAST_GAIN = 0.001
"""Validation IoU by which a program must be better to count."""


@dataclass(frozen=True)
class Niche:
    """A cell of the grid.

    Attributes:
        size: place of the size class, from 0.
        families: of features, in alphabetical order; ``text`` where a program reads the tokens' strings itself.
    """

    size: int
    families: tuple[str, ...]

    def __str__(self) -> str:
        bound = f"up to {SIZES[self.size]}" if self.size < len(SIZES) else f"over {SIZES[-1]}"
        return f"{bound} nodes: {', '.join(self.families) or 'nothing of the vocabulary'}"


@dataclass(frozen=True)
class Elite:
    """A program that may be the best of its niche."""

    candidate: Candidate
    train_iou: float

    @property
    def program(self) -> Program:
        return self.candidate.program


def best_first(candidates: Iterable[Candidate]) -> list[Elite]:
    """Candidates with scores by IoU on train texts, the shorter first where equal."""
    scored = [Elite(candidate, candidate.scores.train_iou) for candidate in candidates if candidate.scores]
    return sorted(scored, key=lambda e: (-e.train_iou, len(e.candidate.source), e.candidate.source))


class Archive:
    """The best program of each niche by IoU on train texts, the shorter where equal.

    Args:
        candidates: of one head; those without scores do not count.
    """

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        self.niches: dict[Niche, Elite] = {}
        seen: set[str] = set()
        for elite in best_first(candidates):
            # Of the fits of one structure only the best counts.
            if elite.program.structure not in seen:
                seen.add(elite.program.structure)
                self.niches.setdefault(niche_of(elite.program), elite)

    @property
    def elites(self) -> list[Elite]:
        """One a niche, the best first."""
        return list(self.niches.values())


def niche_of(program: Program) -> Niche:
    """The cell a program belongs to."""
    named = {node.attr for node in ast.walk(ast.parse(program.source)) if isinstance(node, ast.Attribute)}
    features = [table[name] for table in (TOKEN_FEATURES, PAIR_FEATURES) for name in named & set(table)]
    families = {str(feature.family) for feature in features} | ({"text"} if "text" in named else set())
    return Niche(sum(program.nodes > bound for bound in SIZES), tuple(sorted(families)))


def draw_parents(elites: Sequence[Elite], generator: np.random.Generator) -> list[Elite]:
    """The best first, then the others in a random order in which the better ones tend to come early."""
    if not elites:
        return []
    others = np.arange(1, len(elites))
    weights = 1 / (1.0 + others)
    order = generator.choice(others, len(others), replace=False, p=weights / weights.sum()) if len(others) else others
    return [elites[0], *(elites[place] for place in order.tolist())]


def earlier(candidates: Iterable[Candidate], model: str, round_: int) -> list[Candidate]:
    """What was known before a round: the model's later programs left out.

    A run that was killed amid a round and goes on thus asks what it would have asked.
    """
    return [c for c in candidates if not (c.origin == "llm" and c.model == model and c.round >= round_)]


def improves(candidates: Iterable[Candidate], model: str, round_: int) -> bool:
    """Whether one of the last rounds before this one brought a better program of the model's, by validation."""
    if round_ <= PATIENCE:
        return True
    best = [0.0] * round_
    for candidate in earlier(candidates, model, round_):
        if candidate.origin == "llm" and candidate.model == model and candidate.scores:
            best[candidate.round] = max(best[candidate.round], candidate.scores.validation_iou)
    return max(best[-PATIENCE:]) > max(best[:-PATIENCE]) + LEAST_GAIN
