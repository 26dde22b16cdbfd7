"""Orders, controls and baselines: what they assign, and that they do so every time alike."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
import torch

from evaluation.arms import Arm, content
from evaluation.baselines import FIRST, PREVIOUS, UNIFORM, MeanPattern
from evaluation.controls import CONTROLS, Known, RandomColumn, RandomToken
from evaluation.orders import CANDIDATES, at_random, by_effect, greedy
from evaluation.sweep import first_heads, most_heads
from surrogates.language.features import Texts
from surrogates.language.patterns import pattern
from surrogates.language.program import Program
from surrogates.library.heads import Head
from surrogates.running.assignment import Baseline
from tests.synth.planted import TABLE, random_lists

HEADS = [Head(layer, index) for layer in range(3) for index in range(4)]
PROGRAMS = {
    head: Program.parse(f'def f(query, key, pair):\n    """One of its own."""\n    return {place} * pair.distance\n')
    for place, head in enumerate(HEADS[:-2])  # two heads have none
}
CHOSEN = [HEADS[place] for place in (6, 0, 1, 9)]
KINDS = {head: ("sink", "recency")[head.index % 2] for head in PROGRAMS}
LAYERS = {0: 3.0, 1: 1.0, 2: 2.0}
KNOWN = Known(CHOSEN, PROGRAMS, KINDS, LAYERS, HEADS)
WINDOWED = torch.ones(9, 9, dtype=torch.bool).tril() & ~torch.ones(9, 9, dtype=torch.bool).tril(-4)


def owner(program: object) -> Head:
    return next(head for head, own in PROGRAMS.items() if own is program)


@pytest.mark.parametrize("name", CONTROLS)
def test_controls_replace_the_chosen_heads_and_are_the_same_every_time(name: str) -> None:
    arm = CONTROLS[name](KNOWN)
    assert arm is not None
    assert content(arm) == content(CONTROLS[name](KNOWN) or {})
    if name != "attention dropped":
        assert set(arm) == set(CHOSEN)
    assert all(arm[head] is not PROGRAMS.get(head) for head in arm)


def test_controls_take_programs_from_where_they_say() -> None:
    def owners(name: str) -> dict[Head, Head]:
        return {head: owner(own) for head, own in (CONTROLS[name](KNOWN) or {}).items()}

    assert all(head.layer == other.layer for head, other in owners("permuted in layer").items())
    assert sorted(owners("permuted").values()) == sorted(CHOSEN)
    assert all(KINDS[head] != KINDS[other] for head, other in owners("another category").items())
    assert owners("random program") != {
        head: owner(own) for head, own in (CONTROLS["random program"](Known(CHOSEN, PROGRAMS, seed=1)) or {}).items()
    }


def test_dropped_attention_is_of_the_layers_that_matter_least() -> None:
    dropped = CONTROLS["attention dropped"](KNOWN)
    assert dropped == dict.fromkeys(HEADS[4:8], Baseline.ZERO)  # four of twelve heads are one of three layers


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("permuted", Known(CHOSEN[:1], PROGRAMS)),
        ("permuted in layer", Known([Head(0, 0)], {Head(0, 0): UNIFORM, Head(1, 0): FIRST})),
        ("random program", Known([Head(0, 0)], {Head(0, 0): UNIFORM})),
        ("another category", Known(CHOSEN, PROGRAMS)),
        ("another category", Known(CHOSEN, PROGRAMS, dict.fromkeys(PROGRAMS, "sink"))),
        ("attention dropped", Known(CHOSEN[:1], PROGRAMS, {}, LAYERS, HEADS)),
    ],
)
def test_a_control_that_cannot_be_made_is_none(name: str, known: Known) -> None:
    assert CONTROLS[name](known) is None


@pytest.mark.parametrize("made", [RandomToken("0 L0H1"), RandomColumn("0 L0H1")], ids=lambda made: made.name)
def test_random_keys_are_visible_and_follow_from_the_text(made: RandomToken | RandomColumn) -> None:
    ids = torch.arange(9)
    found = made.make(ids, WINDOWED)
    assert torch.equal(found.sum(-1), torch.ones(9))
    assert not found[~WINDOWED].any()
    assert torch.equal(found, made.make(ids, WINDOWED))
    others = torch.stack([made.make(ids + shift, WINDOWED) for shift in range(1, 30)])
    assert (others != found).any()


def test_a_random_column_is_one_for_all_who_see_it() -> None:
    visible = torch.ones(9, 9, dtype=torch.bool).tril()
    columns = set()
    for shift in range(20):
        found = RandomColumn("0").make(torch.arange(9) + shift, visible).argmax(-1)
        column = int(found.max())
        assert found.tolist() == [column if query >= column else 0 for query in range(9)]
        columns.add(column)
    assert len(columns) > 4


def test_baselines_are_plain_programs() -> None:
    texts = Texts.from_lists(random_lists(2, length=6), TABLE, causal=True, torch_tensors=True)
    n = texts.ids.shape[1]
    visible = torch.ones(n, n).tril()
    uniform, first, previous = (torch.as_tensor(pattern(own, texts))[0] for own in (UNIFORM, FIRST, PREVIOUS))
    torch.testing.assert_close(uniform, visible / visible.sum(-1, keepdim=True))
    torch.testing.assert_close(first, torch.eye(n)[:1].expand(n, n))
    torch.testing.assert_close(previous, torch.eye(n)[[0, *range(n - 1)]])


def test_a_mean_pattern_is_over_the_texts_that_reach_a_query() -> None:
    patterns = np.array(
        [[[1, 0, 0], [0.5, 0.5, 0], [0.2, 0.3, 0.5]], [[1, 0, 0], [0.1, 0.9, 0], [0, 0, 0]]], dtype=np.float32
    )
    mean = MeanPattern.of(patterns, np.array([3, 2]))
    np.testing.assert_allclose(mean.mean, np.array([[1, 0, 0], [0.3, 0.7, 0], [0.2, 0.3, 0.5]]), rtol=1e-6)
    visible = torch.ones(5, 5, dtype=torch.bool).tril()
    found = mean.make(torch.arange(5), visible)
    torch.testing.assert_close(found[:2, :2], torch.tensor([[1.0, 0.0], [0.3, 0.7]]))
    torch.testing.assert_close(found[4], torch.tensor([0.2, 0.0, 0.0, 0.3, 0.5]))  # by distance, but for the first
    assert mean.make(torch.arange(2), visible[:2, :2]).shape == (2, 2)


def test_orders_by_effect_and_at_random() -> None:
    assert by_effect({HEADS[2]: 0.1, HEADS[0]: 0.3, HEADS[1]: 0.1}) == [HEADS[1], HEADS[2], HEADS[0]]
    assert at_random(HEADS) == at_random(HEADS[::-1])
    assert sorted(at_random(HEADS)) == HEADS != at_random(HEADS)
    assert at_random(HEADS, seed=1) != at_random(HEADS)


def test_the_greedy_order_tries_the_heads_of_smallest_effect_beside_those_replaced() -> None:
    effects = {head: float(place) for place, head in enumerate(PROGRAMS)}
    tried: list[list[set[Head]]] = []

    def costs(arms: Sequence[Arm]) -> list[float]:
        tried.append([set(arm) for arm in arms])
        # Heads of a layer hurt each other.
        return [float(len(arm) ** 2 * (len({head.layer for head in arm}) == 1) - max(arm).index) for arm in arms]

    found = greedy(PROGRAMS, effects, 3, costs, lambda _: True)
    order = by_effect(effects)
    assert tried[0] == [{head} for head in order[:CANDIDATES]]
    assert found[0] == HEADS[3]
    assert tried[1] == [{HEADS[3], head} for head in (HEADS[0], HEADS[1], HEADS[2], HEADS[4])]
    assert found[1] == HEADS[4]
    assert all(found[:2] == [HEADS[3], HEADS[4]] and {HEADS[3], HEADS[4]} < arm for arm in tried[2])
    assert sorted(found) == sorted(PROGRAMS)
    assert found[3:] == [head for head in order if head not in found[:3]]
    stopped = greedy(PROGRAMS, effects, 3, costs, lambda done: done < 1)
    assert stopped == [HEADS[3], *(head for head in order if head != HEADS[3])]


@pytest.mark.parametrize("most", [0, 1, 5, 6, 7])
def test_the_most_heads_within_a_budget_are_found(most: int) -> None:
    asked: dict[int, float] = {}

    def increase(count: int) -> float:
        asked[count] = 0.16 if count <= most else 0.17
        return asked[count]

    assert most_heads(7, 0.16, increase) == most
    assert len(asked) <= 3


def test_shares_of_an_order_have_a_head_at_least() -> None:
    counts: Mapping[float, int] = {0.01: 1, 0.25: 3, 0.5: 6, 1.0: 12}
    assert {share: len(first_heads(HEADS, share)) for share in counts} == counts
    assert first_heads(HEADS, 0.25) == HEADS[:3]
