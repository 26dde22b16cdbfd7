import numpy as np

STOP = frozenset("the a an of to in and or is was were that it for on with as at by".split())


def attend(query, key, pair, content=2.0, recency=0.7):
    """The last three content words are attended to."""
    tokens = key.text
    n = len(tokens)
    scores = np.zeros((n, n))
    content_positions = list(filter(lambda j: tokens[j].isalpha() and tokens[j].lower() not in STOP, range(n)))
    for i in range(n):
        recent = [j for j in content_positions if j <= i][-3:]
        for rank, j in enumerate(recent[::-1]):
            scores[i, j] += content * recency**rank
    return scores
