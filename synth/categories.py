"""What kind of head one is, in the words people use: by what its dense model's parts contribute, and by its scores.

A kind that is defined by one key, such as the previous token, needs a score: the attention on that key where random
tokens come twice and words tell nothing. A high score names the kind, as far as the parts agree at all: in a short text
little repeats, and parts that say the same share what they contribute.

Otherwise the parts decide. They are grouped, and groups that answer the same question make a family. The family that
contributes most names the kind, where it is clearly ahead; the group that is most of its family names it more closely,
where its score does not say otherwise. Whatever no rule names is mixed.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Final

from surrogates.library.head_scores import HeadScores

AVOIDS: Final = "avoids "
"""In front of a group that keeps a head away from its keys; such a group names no kind."""
MIXED: Final = "mixed"
FAMILIES: Final[Mapping[tuple[str, ...], str]] = {
    ("first token",): MIXED,
    ("itself", "one back", "one ahead", "recency"): "recency head",
    ("repeated token", "what followed it"): MIXED,
    ("names", "punctuation", "key words"): "key-word head",
    ("pairings",): "word-pair head",
    ("structure",): MIXED,
}
"""Groups, and the kind where none of them names it more closely."""


@dataclass(frozen=True)
class _Kind:
    """A kind that a group names.

    Attributes:
        score: that must not say otherwise, if any.
        high: score that names the kind, as far as the group contributes anything.
        least: score where the group is what contributes most.
    """

    name: str
    score: str = ""
    high: float = 1.0
    least: float = 0.0


# Each key has 0.02 by chance. Scores of Olsson et al.'s kind part heads into many near that and few far above it; where
# between the line is drawn matters little. Many heads look at the nearest keys and at the first token besides others.
_KINDS: Final[Mapping[str, _Kind]] = {
    "what followed it": _Kind("induction head", "induction", 0.3, 0.3),
    "repeated token": _Kind("duplicate-token head", "duplicate_token", 0.3, 0.3),
    "one back": _Kind("previous-token head", "previous_token", 0.5, 0.2),
    "itself": _Kind("current-token head", "current_token", 0.5, 0.2),
    "first token": _Kind("first-token sink", "first_token", 0.5, 0.2),
    "one ahead": _Kind("next-token head"),
    # As Wang et al., Interpretability in the wild, 2022, have it, such a head looks at names; whether it copies what it
    # sees there is not in its pattern.
    "names": _Kind("name mover"),
    "punctuation": _Kind("punctuation head"),
}
"""By group, those that tell most first."""
CATEGORIES: Final = tuple(
    dict.fromkeys([*(kind.name for kind in _KINDS.values()), *(name for name in FAMILIES.values() if name != MIXED)])
)
"""Every kind that a head can be of, but for ``MIXED``."""
_SHOWN = 0.005
"""Least share that is not shown as nothing."""
_LEAST_SHARE = 1 / 3
"""Share of a family that names the kind."""
_AHEAD = 1.25
"""How many times the share of the next family it must be."""
_MOST = 0.5
"""Share of its family that a group must have to name the kind."""
_AGREES = 0.005
"""Share of a group whose score names the kind."""


@dataclass(frozen=True)
class HeadKind:
    """What tells the kind of a head.

    Attributes:
        shares: of each group of parts in what its dense model explains, greatest first; empty where that is not known.
        scores: attention to some keys, and to none.
    """

    shares: Mapping[str, float] = field(default_factory=dict)
    scores: HeadScores = field(default_factory=HeadScores)

    @property
    def category(self) -> str | None:
        """Its kind in words; None where no shares are known."""
        return category(self.shares, self.scores) if self.shares else None

    @property
    def lines(self) -> list[str]:
        """What is known, each in a line."""
        shares = [f"{group} {share:.0%}".replace("%", " %") for group, share in self.shares.items() if share >= _SHOWN]
        measured = asdict(self.scores)
        missing = measured.pop("missing_mass") or 0.0
        scores = [f"{name.replace('_', ' ')} {score:.2f}" for name, score in measured.items() if score is not None]
        lines = [f"category: {self.category}", f"shares: {', '.join(shares)}"] if self.shares else []
        lines += [f"attention on random tokens that come twice: {', '.join(scores)}"] if scores else []
        lines += [f"missing mass {missing:.2f}: the layer's attention sink takes it"] if missing > _SHOWN else []
        return lines


def category(shares: Mapping[str, float], scores: HeadScores) -> str:
    """The kind of a head.

    Args:
        shares: of each group of parts, as in :class:`surrogates.library.candidates.Ceiling`.
        scores: on random tokens that come twice; what was not measured confirms nothing.
    """
    for group, kind in _KINDS.items():
        if kind.score and shares.get(group, 0.0) >= _AGREES and _score(scores, kind) >= kind.high:
            return kind.name
    families = sorted(FAMILIES, key=lambda family: -_share(shares, family))
    own, following = (_share(shares, family) for family in families[:2])
    if own < _LEAST_SHARE or own < _AHEAD * following:
        return MIXED
    group = max(families[0], key=lambda name: shares.get(name, 0.0))
    if shares[group] >= _MOST * own and group in _KINDS and _score(scores, _KINDS[group]) >= _KINDS[group].least:
        return _KINDS[group].name
    return FAMILIES[families[0]]


def _score(scores: HeadScores, kind: _Kind) -> float:
    return (getattr(scores, kind.score) if kind.score else None) or 0.0


def _share(shares: Mapping[str, float], family: tuple[str, ...]) -> float:
    return sum(shares.get(group, 0.0) for group in family)
