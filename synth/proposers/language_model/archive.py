"""What is known of a head: its best program, the best of each niche, so that others than the best are shown as well,
and what the best program of a head may suggest for another.

A grid as in MAP-Elites (Mouret and Clune 2015), over a program's size and the families of features it uses.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from surrogates.language.program import Program
from surrogates.library.candidates import Candidate

SIZES = (32, 64, 128, 256)
"""Upper bounds of the size classes, in nodes of the body's syntax tree; a larger program is in the class beyond."""

PATIENCE = 3
"""Rounds without a better program after which a head is left alone: both kinds of question come up in as many."""
LEAST_GAIN = 0.001
"""Validation IoU by which a program must be better to count."""
MOST_IDEAS = 6
"""Ideas offered with a question."""
_LONGEST_IDEA = 160
"""Characters of an idea; of word weights, which are longer, the heaviest come first."""


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


def best_first(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Candidates with scores by IoU on train texts; where equal, those of the latest round, and the shorter, first."""
    return sorted((c for c in candidates if c.scores), key=lambda c: (-c.train_iou, -c.round, len(c.source), c.source))


class Archive:
    """The best program of each niche by IoU on train texts, the shorter where equal.

    Args:
        candidates: of one head; those without scores do not count.
    """

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        self.niches: dict[Niche, Candidate] = {}
        seen: set[str] = set()
        for candidate in best_first(candidates):
            # Of the fits of one structure only the best counts.
            if candidate.program.structure not in seen:
                seen.add(candidate.program.structure)
                self.niches.setdefault(niche_of(candidate.program), candidate)

    @property
    def elites(self) -> list[Candidate]:
        """One a niche, the best first."""
        return list(self.niches.values())


def niche_of(program: Program) -> Niche:
    """The cell a program belongs to."""
    return Niche(sum(program.nodes > bound for bound in SIZES), program.families)


def standing_of(candidates: Iterable[Candidate]) -> Candidate:
    """The best program of a head by IoU on train texts, to which parts are added; at first one that says nothing."""
    return next(iter(best_first(candidates)), _NOTHING)


_NOTHING = Candidate(
    "search",
    "nothing",
    'def attend(query, key, pair, first=0.0):\n    """Any key."""\n    return first * key.is_first\n',
    None,
)


def earlier(candidates: Iterable[Candidate], model: str, round_: int) -> list[Candidate]:
    """What was known before a round: the model's later programs left out.

    A run that was killed amid a round and goes on thus asks what it would have asked.
    """
    return [c for c in candidates if not (c.origin == "llm" and c.model == model and c.round >= round_)]


def improves(candidates: Iterable[Candidate], model: str, round_: int) -> bool:
    """Whether one of the model's last rounds before this one brought the head a better program, by validation."""
    if round_ <= PATIENCE:
        return True
    best = [0.0] * round_
    for candidate in earlier(candidates, model, round_):
        if candidate.scores:
            place = candidate.round if candidate.origin == "llm" and candidate.model == model else 0
            best[place] = max(best[place], candidate.scores.validation_iou)
    return max(best[-PATIENCE:]) > max(best[:-PATIENCE]) + LEAST_GAIN


def ideas_of(programs: Iterable[Program], own: str = "") -> list[str]:
    """Ideas, one line each, those of the first program first: its terms, or the hypothesis of one that loops.

    Args:
        programs: of other heads, best first.
        own: source of the head's own best program; what it says already is left out.
    """
    found: list[str] = []
    for program in programs:
        # A local name, which stands where an expression is too large to be written out, says nothing elsewhere.
        terms = [t for t in program.terms if t.families and not any(factor.isidentifier() for factor in t.factors)]
        said = map(str, terms) if program.kind == "vectorised" else [f"a scripted program: {program.hypothesis}"]
        found += [
            idea if len(idea) <= _LONGEST_IDEA else f"{idea[:_LONGEST_IDEA].rstrip()} …"
            for idea in said
            if idea not in own
        ]
    return list(dict.fromkeys(found))[:MOST_IDEAS]
