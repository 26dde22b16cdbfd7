"""How faithful a program is to a head: its figures over texts, by the class of the query and by distance.

Shapes: t texts, q queries, n keys; all tokens of a text are queries, so that n is q.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from evaluation.intervals import Interval, mean_interval, ratio_interval
from evaluation.similarity import Compared, RowSimilarity, Similarity, compare_rows

OTHER = "other"
"""The class of queries that are in no class."""


@dataclass(frozen=True)
class PatternPair:
    """A head's patterns on some texts and a program's.

    Attributes:
        pattern: the program's, shape (t, q, n); 0 throughout a text on which it failed.
        target: the head's, of the same shape.
        visible: cells a query may see, of the same shape.
        classes: which tokens each class holds, shape (t, n); classes may overlap.
        beside: figures of other programs on the same texts, by name.
    """

    pattern: Tensor
    target: Tensor
    visible: Tensor
    classes: Mapping[str, Tensor] = field(default_factory=dict)
    beside: Mapping[str, Similarity | Compared] = field(default_factory=dict)


@dataclass(frozen=True)
class Figures:
    """Those of :class:`evaluation.similarity.Similarity`: means over texts, with intervals."""

    iou: Interval
    cross_entropy: Interval
    jsd: Interval


@dataclass(frozen=True)
class ClassFigures:
    """The figures over the queries of a class alone, as means over the texts that have any.

    Attributes:
        queries: how many these are.
        texts: how many texts have any.
    """

    name: str
    queries: int
    texts: int
    figures: Figures


@dataclass(frozen=True)
class DistanceFigures:
    """What lies at some distances, which are the query's index minus the key's: negative where the key comes later.

    Attributes:
        nearest, farthest: the distances, both included; of equal sign.
        head: share of a query's attention there, mean over queries and then over texts. All shares add up to one, or
            less by what goes to no key.
        program: the same of the program.
        overlap: sum of the smaller over sum of the larger of each cell there, over all texts; None where neither
            attends to any.
    """

    nearest: int
    farthest: int
    head: float
    program: float
    overlap: Interval | None


@dataclass(frozen=True)
class Faithfulness:
    """Figures of a program on a head.

    Attributes:
        overall: over all queries.
        classes: by class of the query, those with most queries first, those in no class last; without those that no
            query is in.
        distances: by distance, from the farthest key ahead to the farthest behind.
        ious: of each text, shape (texts,).
        failed: texts on which the program failed, and so attends to nothing.
        beside: figures of the other programs.
    """

    overall: Figures
    classes: tuple[ClassFigures, ...]
    distances: tuple[DistanceFigures, ...]
    ious: np.ndarray
    failed: int
    beside: Mapping[str, Figures]


class TopKey(NamedTuple):
    """The key to which a query attends most, by its place in the text, and how much."""

    place: int
    token: str
    weight: float


@dataclass(frozen=True)
class QueryFigures:
    """A query by its place in a text: the IoU of its row, and where the head and the program look from there most."""

    place: int
    token: str
    iou: float
    head: TopKey
    program: TopKey


def measure_faithfulness(pairs: Iterable[PatternPair]) -> Faithfulness:
    """All figures of a program over texts, which may come some at a time."""
    overall: list[Similarity] = []
    classes: dict[str, list[tuple[Tensor, Similarity]]] = {}
    beside: dict[str, list[Similarity | Compared]] = {}
    sums: list[Tensor] = []
    buckets: list[list[int]] = []
    failed = 0
    for pair in pairs:
        rows = compare_rows(pair.pattern, pair.target)
        overall.append(rows.over(rows.seeing))
        for name, mask in _with_other(pair.classes, rows.seeing).items():
            chosen = mask & rows.seeing
            classes.setdefault(name, []).append((chosen.sum(-1), rows.over(chosen)))
        for name, own in pair.beside.items():
            beside.setdefault(name, []).append(own)
        found, there = _by_bucket(pair, rows)
        sums.append(found)
        buckets.append(there)
        failed += int((~pair.pattern.any(-1).any(-1)).sum())
    joined = _joined(overall)
    by_class = [_of_class(name, parts) for name, parts in classes.items()]
    ordered = sorted((own for own in by_class if own), key=lambda own: (own.name == OTHER, -own.queries))
    return Faithfulness(
        _figures(joined),
        tuple(ordered),
        _by_distance(sums, buckets),
        joined.iou.double().numpy(),
        failed,
        {name: _figures(_joined(parts)) for name, parts in beside.items()},
    )


def worst_queries(pattern: Tensor, target: Tensor, tokens: Sequence[str], count: int) -> tuple[QueryFigures, ...]:
    """The queries of a text whose rows differ most, of lowest IoU first.

    Args:
        pattern: the program's, shape (q, n).
        target: the head's, of the same shape.
        tokens: of the text.
        count: how many queries at most.
    """
    rows = compare_rows(pattern[None], target[None])
    # A row for itself, as if it were a text.
    ious = torch.cat([rows.over(own).iou for own in torch.eye(len(tokens), dtype=torch.bool)[:, None]])
    worst = [place for place in ious.argsort(stable=True).tolist() if rows.seeing[0, place]][:count]

    def top(row: Tensor) -> TopKey:
        key = int(row.argmax())
        return TopKey(key, tokens[key], float(row[key]))

    return tuple(
        QueryFigures(place, tokens[place], float(ious[place]), top(target[place]), top(pattern[place]))
        for place in worst
    )


def _with_other(classes: Mapping[str, Tensor], seeing: Tensor) -> dict[str, Tensor]:
    none = torch.zeros_like(seeing)
    return {**classes, OTHER: ~torch.stack([none, *classes.values()]).any(0)} if classes else {}


def _joined(parts: Sequence[Similarity | Compared]) -> Similarity:
    return Similarity(
        torch.cat([torch.as_tensor(own.iou) for own in parts]),
        torch.cat([torch.as_tensor(own.cross_entropy) for own in parts]),
        torch.cat([torch.as_tensor(own.jsd) for own in parts]),
    )


def _figures(found: Similarity, chosen: Tensor | slice = slice(None)) -> Figures:
    values = (found.iou, found.cross_entropy, found.jsd)
    return Figures(*(mean_interval(own[chosen].double().numpy()) for own in values))


def _of_class(name: str, parts: Sequence[tuple[Tensor, Similarity]]) -> ClassFigures | None:
    queries = torch.cat([count for count, _ in parts])
    having = queries > 0
    if not having.any():
        return None
    figures = _figures(_joined([own for _, own in parts]), having)
    return ClassFigures(name, int(queries.sum()), int(having.sum()), figures)


def _by_bucket(pair: PatternPair, rows: RowSimilarity) -> tuple[Tensor, list[int]]:
    """Per text and bucket: shares of the head's and the program's attention, and sums of smaller and larger cells.

    Returns:
        The sums, shape (t, 2 * w + 1, 4) with w the greatest number of a bucket, bucket 0 in the middle; and the
        distances at which a query sees a key.
    """
    n = pair.target.shape[-1]
    places = torch.arange(n)
    distance = places[:, None] - places
    width = (n - 1).bit_length()
    numbers = torch.tensor([_bucket(place) for place in range(1 - n, n)])
    at = (numbers[distance + n - 1] + width).flatten()  # (n * n,)
    queries = rows.seeing.sum(-1).clamp(min=1)[:, None]
    found = torch.zeros(len(pair.target), 2 * width + 1, 4, dtype=torch.float64)
    smaller, larger = torch.minimum(pair.pattern, pair.target), torch.maximum(pair.pattern, pair.target)
    for place, cells in enumerate((pair.target, pair.pattern, smaller, larger)):
        found[:, :, place].index_add_(1, at, cells.flatten(1).double())
    found[:, :, :2] /= queries[..., None]
    return found, distance[pair.visible.any(0)].unique().tolist()


def _bucket(distance: int) -> int:
    """0, 1, 2 to 3, 4 to 7 and so on are 0, 1, 2, 3; ahead of the query they are negative."""
    return distance.bit_length() if distance >= 0 else -distance.bit_length()


def _by_distance(sums: Sequence[Tensor], seen: Sequence[Sequence[int]]) -> tuple[DistanceFigures, ...]:
    width = max(own.shape[1] for own in sums) // 2
    padded = [torch.nn.functional.pad(own, (0, 0, *(2 * [width - own.shape[1] // 2]))) for own in sums]
    table = torch.cat(padded).numpy()  # (texts, buckets, 4)
    members: dict[int, list[int]] = {}
    for distance in sorted(set().union(*seen)):
        members.setdefault(_bucket(distance), []).append(distance)
    found = []
    for bucket, distances in members.items():
        head, program, smaller, larger = table[:, bucket + width].T
        some = larger > 0
        overlap = ratio_interval(smaller[some], larger[some]) if some.any() else None
        nearest, farthest = sorted((distances[0], distances[-1]), key=abs)
        found.append(DistanceFigures(nearest, farthest, float(head.mean()), float(program.mean()), overlap))
    return tuple(found)
