"""Groups of vectors that point the same way."""

import numpy as np
import torch

_TURNS = 20


def grouped(vectors: np.ndarray, count: int, seed: int) -> list[list[int]]:
    """Rows of (n, features) in at most ``count`` groups of those that point the same way, by spherical k-means.

    Dhillon and Modha, Concept decompositions for large sparse text data using clustering, 2001; begun from rows that
    are far from each other.
    """
    points = torch.from_numpy(vectors).float()
    points = points / points.norm(dim=1, keepdim=True).clamp(min=1e-12)
    count = min(count, len(points))
    first = int(torch.randint(len(points), (1,), generator=torch.Generator().manual_seed(seed)))
    chosen = [first]
    while len(chosen) < count:
        nearest = (points @ points[chosen].T).amax(1)
        nearest[chosen] = torch.inf
        chosen.append(int(nearest.argmin()))
    centres = points[chosen]
    for _ in range(_TURNS):
        own = (points @ centres.T).argmax(1)
        sums = torch.zeros_like(centres).index_add(0, own, points)
        moved = sums / sums.norm(dim=1, keepdim=True).clamp(min=1e-12)
        if torch.equal(moved, centres):
            break
        centres = moved
    own = (points @ centres.T).argmax(1).tolist()
    groups = [[row for row, group in enumerate(own) if group == place] for place in range(count)]
    return [group for group in groups if group]
