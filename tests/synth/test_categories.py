"""The kind of a head: what its parts contribute, and what random tokens that come twice say."""

import pytest

from surrogates.library.head_scores import HeadScores
from synth.categories import HeadKind, category

NOTHING = HeadScores()


@pytest.mark.parametrize("induction", [None, 0.02, 0.29])
@pytest.mark.parametrize("share", [0.03, 0.5, 1.0])
def test_only_a_score_makes_an_induction_head(share: float, induction: float | None) -> None:
    shares = {"what followed it": share, "first token": 1 - share}
    assert category(shares, HeadScores(induction=0.4)) == "induction head"
    assert category(shares, HeadScores(induction=induction)) == "mixed"
    assert category({"avoids what followed it": 1.0}, HeadScores(induction=0.4)) == "mixed"
    assert category({"what followed it": 0.001, "key words": 0.999}, HeadScores(induction=0.9)) == "key-word head"


@pytest.mark.parametrize(
    ("group", "score", "kind", "otherwise"),
    [
        ("one back", "previous_token", "previous-token head", "recency head"),
        ("itself", "current_token", "current-token head", "recency head"),
        ("first token", "first_token", "first-token sink", "mixed"),
        ("repeated token", "duplicate_token", "duplicate-token head", "mixed"),
    ],
)
def test_kinds_that_one_key_defines_need_a_score(group: str, score: str, kind: str, otherwise: str) -> None:
    assert category({group: 0.1, "pairings": 0.9}, HeadScores(**{score: 0.7})) == kind
    assert category({group: 0.1, "pairings": 0.9}, HeadScores(**{score: 0.2})) == "word-pair head"
    assert category({group: 0.9, "pairings": 0.1}, HeadScores(**{score: 0.35})) == kind
    assert category({group: 0.9, "pairings": 0.1}, HeadScores(**{score: 0.1})) == otherwise
    assert category({group: 0.9, "pairings": 0.1}, NOTHING) == otherwise
    assert category({f"avoids {group}": 0.9, "pairings": 0.1}, HeadScores(**{score: 0.35})) == "mixed"


@pytest.mark.parametrize(
    ("shares", "kind"),
    [
        ({"recency": 0.3, "one back": 0.2, "itself": 0.1, "key words": 0.4}, "recency head"),
        ({"names": 0.4, "key words": 0.2, "pairings": 0.4}, "name mover"),
        ({"names": 0.2, "key words": 0.4, "pairings": 0.4}, "key-word head"),
        ({"punctuation": 0.6, "recency": 0.4}, "punctuation head"),
        ({"one ahead": 0.6, "recency": 0.4}, "next-token head"),
        ({"pairings": 0.5, "key words": 0.3, "structure": 0.2}, "word-pair head"),
        ({"pairings": 0.4, "key words": 0.35, "recency": 0.25}, "mixed"),  # none is clearly ahead
        ({"pairings": 0.3, "avoids itself": 0.7}, "mixed"),
        ({"structure": 1.0}, "mixed"),
        ({"avoids recency": 1.0}, "mixed"),
    ],
)
def test_what_contributes_most_names_the_kind(shares: dict[str, float], kind: str) -> None:
    assert category(shares, NOTHING) == kind


def test_lines_tell_what_is_known() -> None:
    shares = {"first token": 0.412, "avoids itself": 0.3, "recency": 0.285, "pairings": 0.003}
    assert HeadKind(shares, HeadScores(induction=0.0123, first_token=0.0)).lines == [
        "category: mixed",
        "shares: first token 41 %, avoids itself 30 %, recency 28 %",
        "attention on random tokens that come twice: induction 0.01, first token 0.00",
    ]
    assert HeadKind().lines == []
    assert HeadKind(scores=HeadScores(missing_mass=0.005)).lines == []
    assert HeadKind(scores=HeadScores(missing_mass=0.234)).lines == [
        "missing mass 0.23: the layer's attention sink takes it"
    ]
    assert HeadKind().category is None
