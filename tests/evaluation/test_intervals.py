"""Bootstrap intervals."""

import numpy as np

from evaluation.intervals import mean_interval, ratio_interval


def test_the_interval_covers_the_mean_about_as_often_as_it_says() -> None:
    generator = np.random.default_rng(0)
    covered = 0
    for number in range(200):
        interval = mean_interval(generator.exponential(size=60), seed=number)
        covered += interval.low <= 1.0 <= interval.high
    assert 0.88 <= covered / 200 <= 0.99


def test_its_width_is_that_of_the_normal_approximation() -> None:
    values = np.random.default_rng(1).normal(3.0, 2.0, size=400)
    interval = mean_interval(values)
    assert interval.mean == values.mean()
    half = 1.96 * values.std() / 20
    assert abs(interval.low - (values.mean() - half)) < 0.1 * half
    assert abs(interval.high - (values.mean() + half)) < 0.1 * half


def test_a_ratio_weighs_texts_by_their_size() -> None:
    interval = ratio_interval(np.array([1.0, 30.0]), np.array([1.0, 10.0]))
    assert interval.mean == 31 / 11
    assert (interval.low, interval.high) == (1.0, 3.0)


def test_it_is_the_same_every_time_and_follows_the_seed() -> None:
    values = np.random.default_rng(2).random(30)
    assert mean_interval(values) == mean_interval(values)
    assert mean_interval(values, seed=1) != mean_interval(values)


def test_equal_values_and_single_texts_have_no_width() -> None:
    assert mean_interval(np.full(9, 0.25)) == (0.25, 0.25, 0.25)
    assert mean_interval(np.array([0.5])) == (0.5, 0.5, 0.5)
