import math


def attend(query, key, pair, copy=3.0, decay=0.8, sink=1.0):
    """Earlier copies of the same token, nearer ones first."""
    n = len(query)
    scores = pair.zeros()
    for i in range(n):
        for j in range(i):
            if pair.same_token[i, j]:
                scores[i, j] = copy - decay * math.log1p(pair.distance[i, j])
        scores[i, 0] += sink
    return scores
