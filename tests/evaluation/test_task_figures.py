"""Metrics of a task and their intervals."""

import numpy as np
import pytest

from evaluation.task_figures import Figure

ITEMS = 200


def test_a_share_is_a_mean_with_its_interval() -> None:
    right = np.arange(ITEMS) % 4 == 0
    found = Figure(right.astype(float), np.ones(ITEMS), is_perplexity=False).interval
    assert found.mean == 0.25
    error = np.sqrt(0.25 * 0.75 / ITEMS)
    assert (found.mean - found.low) / error == pytest.approx(1.96, abs=0.3)
    assert (found.high - found.mean) / error == pytest.approx(1.96, abs=0.3)


def test_a_change_is_paired() -> None:
    generator = np.random.default_rng(0)
    before = generator.integers(0, 2, ITEMS).astype(float)  # items differ a lot
    after = before.copy()
    after[np.flatnonzero(before)[:10]] = 0  # but only ten of them change
    found = Figure(after, np.ones(ITEMS), False).change(Figure(before, np.ones(ITEMS), False))
    assert found.mean == pytest.approx(-10 / ITEMS)
    assert -0.09 < found.low < found.high < -0.02


def test_a_perplexity_is_weighted_and_its_change_relative() -> None:
    generator = np.random.default_rng(0)
    words = generator.integers(5, 50, ITEMS).astype(float)
    losses = words * generator.normal(3.0, 1.0, ITEMS)
    before, after = Figure(losses, words, True), Figure(losses + words * np.log(1.1), words, True)
    assert before.interval.mean == pytest.approx(np.exp(losses.sum() / words.sum()))
    assert before.interval.low < before.interval.mean < before.interval.high
    np.testing.assert_allclose(after.change(before), 0.1)
