"""A page stays within its limit: what is held of heads, and the estimate by which that is chosen."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from evaluation.report.detail import Detail, details
from evaluation.report.fitting import fitting, head_bytes
from evaluation.report.heads import HeadContent, HeadText, front, head_value, held_programs
from evaluation.report.packing import packed

N = 48
VISIBLE = np.tril(np.ones((N, N), dtype=bool))
PROGRAMS = 12


def program(generator: np.random.Generator, place: int) -> dict[str, Any]:
    weights = ", ".join(f'"w{number}": {value:.2f}' for number, value in enumerate(generator.normal(size=24)))
    parts, literals = PROGRAMS - place, 2 * (PROGRAMS - place)
    return {"name": f"{place:02d}", "source": f"weights(key, {{{weights}}})", "parts": parts, "literals": literals,
            "stands_in": place == 2, "iou": 0.5}  # fmt: skip


def content(seed: int, texts: int) -> HeadContent:
    generator = np.random.default_rng(seed)

    def text(number: int) -> HeadText:
        weights = np.exp(generator.normal(0, 2, (N, N))) * VISIBLE
        return HeadText(number, 0.5, VISIBLE, (weights / weights.sum(-1, keepdims=True)).astype(np.float32))

    programs = [program(generator, place) for place in range(PROGRAMS)]
    return HeadContent(f"L0H{seed}", None, programs, [text(number) for number in range(texts)], {})


def cut(whole: HeadContent, detail: Detail) -> HeadContent:
    """Those of its ten texts that a page would hold."""
    return replace(whole, texts=[*whole.texts[: detail.texts], *(whole.texts[8:] if detail.own else [])])


@pytest.fixture(scope="module")
def heads() -> list[HeadContent]:
    return [content(seed, 10) for seed in range(12)]


@pytest.fixture(scope="module")
def sizes(heads: Sequence[HeadContent]) -> list[tuple[Detail, int]]:
    """Bytes of all heads in each detail."""
    found = [(detail, [packed(head_value(cut(own, detail), detail)) for own in heads]) for detail in details(N)]
    return [(detail, sum(map(len, texts))) for detail, texts in found]


def test_each_step_holds_less(sizes: Sequence[tuple[Detail, int]]) -> None:
    lengths = [size for _, size in sizes]
    assert lengths == sorted(set(lengths), reverse=True)
    order = [(own.levels, own.programs, own.texts, own.own, own.tokens) for own, _ in sizes]
    assert order[:5] == [
        (255, None, 8, True, None), (127, None, 8, True, None), (63, None, 8, True, None), (63, 5, 8, True, None),
        (63, 5, 8, False, None),
    ]  # fmt: skip
    assert order[5] == (63, 5, 6, False, None)
    assert order[-2:] == [(63, 5, 1, False, None), (63, 5, 1, False, 32)]


def test_the_estimate_of_a_few_heads_and_texts_is_near(
    heads: Sequence[HeadContent], sizes: Sequence[tuple[Detail, int]]
) -> None:
    sample = [replace(own, texts=own.texts[:2]) for own in heads[::3]]
    for detail, size in sizes:
        estimate = len(heads) * sum(head_bytes(own, detail) for own in sample) / len(sample)
        assert estimate == pytest.approx(size, rel=0.1), detail


@pytest.mark.parametrize("share", [1.2, 0.9, 0.7, 0.5, 0.3])
def test_the_most_that_fits_is_chosen(
    heads: Sequence[HeadContent], sizes: Sequence[tuple[Detail, int]], share: float
) -> None:
    sample = [replace(own, texts=own.texts[:2]) for own in heads[::3]]
    limit = int(share * sizes[0][1])
    # An estimate counts 8,000 bytes a head for what the overview says of it, which is not here.
    chosen = next(fitting(sample, len(heads), N, lambda _: -8_000 * len(heads), limit))
    place = [detail for detail, _ in sizes].index(chosen)
    assert sizes[place][1] <= limit
    assert place == 0 or sizes[place - 1][1] > 0.85 * limit


def test_where_nothing_fits_the_least_is_held(heads: Sequence[HeadContent]) -> None:
    sample = [replace(heads[0], texts=heads[0].texts[:1])]
    assert next(fitting(sample, 1000, N, lambda _: 0, 1000)) == list(details(N))[-1]


def test_what_is_left_out_is_said() -> None:
    assert Detail().notices() == []
    said = " ".join(Detail(63, 5, 1, False, 256).notices())
    for part in (
        "larger than 40 MB",
        "63 levels",
        "at most 5 programs",
        "1 test text ",
        "worst and best",
        "256 tokens",
    ):
        assert part in said


def test_few_programs_are_the_one_that_stands_in_the_least_and_the_front(heads: Sequence[HeadContent]) -> None:
    every = heads[0].programs
    assert front(every) == list(range(PROGRAMS))[::-1]
    held = held_programs(every, 5)
    assert len(held) == 5
    assert [own["name"] for own in held] == sorted(own["name"] for own in held)
    assert any(own["stands_in"] for own in held)
    assert held[-1]["parts"] == 1
    assert held[0] == every[0]
    assert held_programs(every, None) == every
    # One that is dominated is on no front.
    assert front([*every[:3], every[1] | {"name": "worse"}, *every[3:]]) == [12, 11, 10, 9, 8, 7, 6, 5, 4, 2, 1, 0]


def test_weights_survive_to_their_levels(heads: Sequence[HeadContent]) -> None:
    for levels in (255, 63):
        text = head_value(heads[0], Detail(levels))["texts"][0]
        weights = (text["pattern"] / levels) ** 2
        pattern = heads[0].texts[0].pattern[VISIBLE]
        assert np.abs(np.sqrt(weights) - np.sqrt(pattern)).max() <= 0.5 / levels + 1e-6
        assert text["mass"] is None


def test_texts_are_cut_and_missing_mass_is_held() -> None:
    whole = content(0, 1)
    sunk = replace(whole, texts=[replace(whole.texts[0], pattern=whole.texts[0].pattern * np.float32(0.7))])
    (text,) = head_value(sunk, Detail(tokens=5))["texts"]
    assert len(text["pattern"]) == 15
    assert text["mass"] == pytest.approx(0.7)


def test_a_cut_row_that_sees_later_tokens_sums_to_what_it_does_on_all() -> None:
    pattern = np.full((N, N), 1 / N, np.float32)
    seen = HeadText(0, 0.5, np.ones((N, N), dtype=bool), pattern)
    (text,) = head_value(replace(content(0, 1), texts=[seen]), Detail(tokens=5))["texts"]
    assert len(text["pattern"]) == 25
    assert text["mass"] is None
