"""Figures by class of the query and by distance, against plain loops over queries and keys."""

import math
from collections import defaultdict

import numpy as np
import pytest
import torch
from torch import Tensor

from evaluation.faithfulness import PatternPair, measure_faithfulness, worst_queries
from evaluation.similarity import similarity

LENGTHS = (9, 9, 8, 6, 2)
BUCKETS = [(-15, -8), (-7, -4), (-3, -2), (-1, -1), (0, 0), (1, 1), (2, 3), (4, 7), (8, 15)]


def visible_cells(causal: bool, window: int) -> Tensor:
    """Mask (t, n, n) of texts padded on the right."""
    places = torch.arange(max(LENGTHS))
    distance = places[:, None] - places
    cells = (distance.abs() < window) & ((distance >= 0) | torch.tensor(not causal))
    real = places < torch.tensor(LENGTHS)[:, None]
    return cells & real[:, :, None] & real[:, None, :]


def made(visible: Tensor, seed: int) -> Tensor:
    scores = 2 * torch.randn(visible.shape, generator=torch.Generator().manual_seed(seed))
    return scores.masked_fill(~visible, -torch.inf).softmax(-1).nan_to_num(0.0)


def pair_of(causal: bool = True, window: int = 99, *, sinks: bool = False) -> PatternPair:
    visible = visible_cells(causal, window)
    target = made(visible, 1)
    if sinks:
        target *= torch.rand(*target.shape[:-1], 1, generator=torch.Generator().manual_seed(2))
    member = torch.rand(2, *visible.shape[:2], generator=torch.Generator().manual_seed(3))
    real = visible.any(-1)
    last = real & (torch.arange(9) == 7)  # most texts have one such query, some none
    classes = {"often": (member[0] < 0.6) & real, "seldom": (member[1] < 0.2) & real, "late": last}
    return PatternPair(made(visible, 4), target, visible, classes | {"never": real & False})


def parts(pair: PatternPair, start: int, end: int) -> PatternPair:
    """Some texts, cut to the longest of them, as batches are."""
    n, some = max(LENGTHS[start:end]), slice(start, end)
    classes = {name: mask[some, :n] for name, mask in pair.classes.items()}
    return PatternPair(pair.pattern[some, :n, :n], pair.target[some, :n, :n], pair.visible[some, :n, :n], classes)


def row_figures(p_row: np.ndarray, a_row: np.ndarray) -> np.ndarray:
    """Sums of smaller and larger cells, cross-entropy, Jensen-Shannon distance of one query."""
    smaller = larger = cross = 0.0
    divergence = (1 - sum(a_row)) / 2  # what the head leaves out is a cell to which the program gives nothing
    for p, a in zip(p_row, a_row, strict=True):
        smaller, larger = smaller + min(p, a), larger + max(p, a)
        middle = (p + a) / 2
        if a > 0:
            cross -= a * math.log(p)
            divergence += a * math.log2(a / middle) / 2
        if p > 0:
            divergence += p * math.log2(p / middle) / 2
    return np.array([smaller, larger, cross, math.sqrt(max(divergence, 0.0))])


def by_loops(pair: PatternPair) -> tuple[dict[str, list[float]], dict[tuple[int, int], list[float]]]:
    """Queries and the three figures of each class and of "all"; head's and program's share and overlap by distance."""
    pattern, target = (own.double().numpy() for own in (pair.pattern, pair.target))
    of_texts: dict[str, list[list[float]]] = defaultdict(list)
    counts: dict[str, int] = defaultdict(int)
    cells = {bucket: np.zeros(4) for bucket in BUCKETS}
    for text, length in enumerate(LENGTHS):
        rows: dict[str, list[np.ndarray]] = defaultdict(list)
        for query in range(length):
            figures = row_figures(pattern[text, query], target[text, query])
            names = [name for name, mask in pair.classes.items() if mask[text, query]] or ["other"]
            for name in [*names, "all"]:
                rows[name].append(figures)
            for key in range(length):
                if pair.visible[text, query, key]:
                    p, a = pattern[text, query, key], target[text, query, key]
                    (bucket,) = (own for own in BUCKETS if own[0] <= query - key <= own[1])
                    cells[bucket] += (a / length / len(LENGTHS), p / length / len(LENGTHS), min(p, a), max(p, a))
        for name, own in rows.items():
            smaller, larger, cross, jsd = np.sum(own, axis=0)
            of_texts[name].append([smaller / larger, cross / len(own), jsd / len(own)])
            counts[name] += len(own)
    classes = {name: [counts[name], len(own), *np.mean(own, axis=0)] for name, own in of_texts.items()}
    shares = {bucket: [own[0], own[1], own[2] / own[3]] for bucket, own in cells.items() if own[3]}
    return classes, shares


@pytest.mark.parametrize("sinks", [False, True])
@pytest.mark.parametrize(("causal", "window"), [(True, 99), (True, 6), (False, 99), (False, 3)])
def test_figures_equal_plain_loops(causal: bool, window: int, sinks: bool) -> None:
    pair = pair_of(causal, window, sinks=sinks)
    found = measure_faithfulness(parts(pair, *ends) for ends in ((0, 3), (3, 4), (4, 5)))
    classes, shares = by_loops(pair)

    for own, figures in [(classes["all"], found.overall), *((classes[o.name], o.figures) for o in found.classes)]:
        means = [interval.mean for interval in (figures.iou, figures.cross_entropy, figures.jsd)]
        assert means == pytest.approx(own[2:], rel=1e-4)
        assert all(low <= mean <= high for mean, low, high in (figures.iou, figures.cross_entropy, figures.jsd))
    counted = {own.name: [own.queries, own.texts] for own in found.classes}
    assert counted == {name: own[:2] for name, own in classes.items() if name != "all"}
    assert [own.name for own in found.classes][-1] == "other"
    assert 1 < counted["late"][1] < len(LENGTHS)

    assert len(found.distances) == len(shares)
    for at, (bucket, expected) in zip(found.distances, shares.items(), strict=True):
        ends = [place for place in range(bucket[0], bucket[1] + 1) if abs(place) < min(window, 9)]
        assert (at.nearest, at.farthest) == tuple(sorted((ends[0], ends[-1]), key=abs))
        assert at.overlap is not None
        assert [at.head, at.program, at.overlap.mean] == pytest.approx(expected, rel=1e-4)
    assert sum(own.program for own in found.distances) == pytest.approx(1)
    assert (sum(own.head for own in found.distances) < 0.7) == sinks
    assert found.failed == 0


def test_a_distance_that_few_texts_reach_has_an_interval() -> None:
    found = measure_faithfulness([pair_of()])
    assert found.distances[-1].nearest == 8
    assert found.distances[-1].overlap is not None
    assert all(0 < figure < 1 for figure in found.distances[-1].overlap)


def test_where_neither_attends_there_is_no_overlap() -> None:
    visible = visible_cells(True, 99)
    own = torch.eye(9) * visible
    found = measure_faithfulness([PatternPair(own, own, visible)])
    assert found.classes == ()
    assert [(own.nearest, own.overlap and own.overlap.mean) for own in found.distances] == [
        (0, 1.0), (1, None), (2, None), (4, None), (8, None)
    ]  # fmt: skip


def test_a_text_on_which_the_program_failed_counts_as_nothing() -> None:
    pair = pair_of()
    failing = pair.pattern.clone()
    failing[1] = 0
    found = measure_faithfulness([PatternPair(failing, pair.target, pair.visible, pair.classes)])
    assert found.failed == 1
    assert found.ious[1] == 0
    expected = similarity(failing, pair.target)
    assert found.overall.iou.mean == pytest.approx(float(expected.iou.mean()))
    assert found.overall.jsd.mean == pytest.approx(float(expected.jsd.mean()))
    queries = {own.name: own.queries for own in found.classes}
    assert queries == {own.name: own.queries for own in measure_faithfulness([pair]).classes}


def test_the_worst_queries_are_those_of_least_overlap() -> None:
    pair = pair_of(sinks=True)
    pattern, target = pair.pattern[2], pair.target[2]
    tokens = [f"t{place}" for place in range(9)]  # the last is padding
    found = worst_queries(pattern, target, tokens, 3)
    ious = [
        float(torch.minimum(pattern[q], target[q]).sum() / torch.maximum(pattern[q], target[q]).sum()) for q in range(8)
    ]
    assert [own.place for own in found] == sorted(range(8), key=lambda q: ious[q])[:3]
    for own in found:
        assert own.token == tokens[own.place]
        assert own.iou == pytest.approx(ious[own.place], rel=1e-5)
        for side, row in ((own.head, target[own.place]), (own.program, pattern[own.place])):
            assert (side.token, side.weight) == (tokens[side.place], float(row.max()))
    assert len(worst_queries(pattern, target, tokens, 99)) == 8
