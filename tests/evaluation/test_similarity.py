"""The figures that compare two patterns, against plain loops in double precision."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from evaluation.similarity import Reference, similarity, similarity_matrix


def random_patterns(texts: int, n: int, seed: int, *, causal: bool = True, sharpness: float = 2.0) -> Tensor:
    """Row-stochastic patterns; text 1 and on are one token shorter each, so that there is padding."""
    generator = torch.Generator().manual_seed(seed)
    scores = sharpness * torch.randn(texts, n, n, generator=generator)
    visible = torch.ones(texts, n, n, dtype=torch.bool)
    for text in range(texts):
        visible[text, n - text :] = False
        visible[text, :, n - text :] = False
    if causal:
        visible &= torch.ones(n, n, dtype=torch.bool).tril()
    return scores.masked_fill(~visible, -torch.inf).softmax(-1).nan_to_num(0.0)


def with_sinks(patterns: Tensor) -> Tensor:
    """Patterns of which each row leaves out a share of its own; one row leaves out everything."""
    kept = torch.rand(*patterns.shape[:-1], 1, generator=torch.Generator().manual_seed(11))
    kept[0, 2] = 0.0
    return kept * patterns


def by_loops(pattern: np.ndarray, target: np.ndarray) -> tuple[float, float, float]:
    """IoU, cross-entropy and Jensen-Shannon distance of one text."""
    smaller = larger = cross = distance = 0.0
    rows = 0
    for p_row, a_row in zip(pattern.astype(np.float64), target.astype(np.float64), strict=True):
        divergence = 0.0
        for p, a in zip(p_row, a_row, strict=True):
            smaller += min(p, a)
            larger += max(p, a)
            middle = (p + a) / 2
            if a > 0:
                cross -= a * math.log(p)
                divergence += a * math.log2(a / middle) / 2
            if p > 0:
                divergence += p * math.log2(p / middle) / 2
        divergence += (1 - sum(a_row)) / 2 * any(p_row)  # the sink is a cell to which the program gives nothing
        rows += any(p_row)
        distance += math.sqrt(max(divergence, 0.0))
    return smaller / larger, cross / rows, distance / rows


@pytest.mark.parametrize("sinks", [True, False])
@pytest.mark.parametrize("causal", [True, False])
def test_figures_equal_plain_loops(causal: bool, sinks: bool) -> None:
    pattern = random_patterns(4, 9, 0, causal=causal)
    target = random_patterns(4, 9, 1, causal=causal)
    target = with_sinks(target) if sinks else target
    found = similarity(pattern, target)
    for text in range(4):
        iou, cross, jsd = by_loops(pattern[text].numpy(), target[text].numpy())
        assert float(found.iou[text]) == pytest.approx(iou, rel=1e-5)
        assert float(found.cross_entropy[text]) == pytest.approx(cross, rel=1e-5)
        assert float(found.jsd[text]) == pytest.approx(jsd, rel=1e-4)


def test_equal_patterns_are_wholly_alike() -> None:
    target = random_patterns(3, 8, 2)
    found = similarity(target, target)
    torch.testing.assert_close(found.iou, torch.ones(3))
    assert float(found.jsd.max()) < 2e-3  # the root of a rounding error
    entropy = -(target * target.clamp(min=1e-12).log()).sum((1, 2)) / torch.tensor([8.0, 7.0, 6.0])
    torch.testing.assert_close(found.cross_entropy, entropy)


def test_disjoint_patterns_are_not_alike_at_all() -> None:
    target, pattern = torch.zeros(1, 3, 3), torch.zeros(1, 3, 3)
    target[0, :, 0] = 1.0
    pattern[0, :, 1] = 1.0
    found = similarity(pattern, target)
    assert found.iou.tolist() == [0.0]
    assert found.jsd.tolist() == [1.0]  # base 2, so that it is at most 1
    assert torch.isfinite(found.cross_entropy).all()


def test_what_goes_to_a_sink_is_a_difference() -> None:
    pattern = random_patterns(1, 6, 2)
    found = similarity(pattern, 0.75 * pattern)
    assert float(found.iou) == pytest.approx(0.75)
    halves = similarity(pattern, torch.zeros(1, 6, 6))
    assert (float(halves.iou), float(halves.jsd)) == (0.0, pytest.approx(1.0))


def test_padding_counts_for_nothing() -> None:
    pattern, target = random_patterns(1, 6, 3), random_patterns(1, 6, 4)
    padded = [torch.nn.functional.pad(p, (0, 3, 0, 3)) for p in (pattern, target)]
    for short, long in zip(
        vars(similarity(pattern, target)).values(), vars(similarity(padded[0], padded[1])).values(), strict=True
    ):
        torch.testing.assert_close(short, long)


@pytest.mark.parametrize("sinks", [True, False])
@pytest.mark.parametrize("causal", [True, False])
def test_the_matrix_holds_every_pair(causal: bool, sinks: bool) -> None:
    patterns = torch.stack([random_patterns(3, 7, seed, causal=causal) for seed in range(4)], 1)  # (t, p, n, n)
    targets = torch.stack([random_patterns(3, 7, seed, causal=causal) for seed in range(2, 7)], 1)
    targets = with_sinks(targets) if sinks else targets
    iou, cross = similarity_matrix(patterns.flatten(2), targets.flatten(2))
    assert iou.shape == cross.shape == (4, 5)
    for p in range(4):
        for h in range(5):
            one = similarity(patterns[:, p], targets[:, h])
            assert float(iou[p, h]) == pytest.approx(float(one.iou.mean()), rel=1e-5)
            assert float(cross[p, h]) == pytest.approx(float(one.cross_entropy.mean()), rel=1e-5)
    assert sinks or float(iou[2, 0]) == pytest.approx(1.0)


@pytest.mark.parametrize("sinks", [True, False])
@pytest.mark.parametrize("causal", [True, False])
def test_scores_compare_as_their_patterns_do(causal: bool, sinks: bool) -> None:
    target = random_patterns(4, 9, 5, causal=causal)
    target = with_sinks(target) if sinks else target
    visible = random_patterns(4, 9, 6, causal=causal) > 0
    scores = 3 * torch.randn(4, 9, 9, generator=torch.Generator().manual_seed(7))
    scores[0, 5, 2] = -torch.inf
    pattern = scores.masked_fill(~visible, -torch.inf).softmax(-1).nan_to_num(0.0)
    scores[~visible] = torch.nan  # nobody sees it
    expected, found = similarity(pattern, target), Reference(target, visible).compare(scores)
    np.testing.assert_allclose(found.iou, expected.iou, rtol=1e-5)
    np.testing.assert_allclose(found.cross_entropy, expected.cross_entropy, rtol=1e-5)
    np.testing.assert_allclose(found.jsd, expected.jsd, rtol=1e-4)
    np.testing.assert_allclose(found.pattern, pattern, atol=1e-6)


@pytest.mark.parametrize("wrong", [torch.nan, torch.inf])
def test_a_visible_score_that_is_no_number_shows_in_the_pattern(wrong: float) -> None:
    target = random_patterns(1, 5, 8)
    scores = torch.zeros(1, 5, 5)
    scores[0, 3, 1] = wrong
    assert np.isnan(Reference(target, target > 0).compare(scores).pattern[0, 3]).any()


def test_a_row_of_excluded_cells_is_uniform() -> None:
    target = random_patterns(1, 4, 9)
    found = Reference(target, target > 0).compare(torch.full((1, 1, 1), -torch.inf)).pattern
    np.testing.assert_allclose(found[0, 3], 0.25)
