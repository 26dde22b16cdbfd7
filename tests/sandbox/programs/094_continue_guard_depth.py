import numpy as np


def attend(query, key, pair, opener=3.0, same_depth=1.0, sink=0.5):
    """Tokens attend to tokens of the same bracket depth, and to the bracket above."""
    depth = 0
    depths = []
    parents = []
    stack = []
    for i, tok in enumerate(key.text):
        if tok in "([{" and tok:
            parents.append(stack[-1] if stack else 0)
            depths.append(depth)
            stack.append(i)
            depth += 1
            continue
        if tok in ")]}" and tok and stack:
            stack.pop()
            depth -= 1
        parents.append(stack[-1] if stack else 0)
        depths.append(depth)
    n = len(depths)
    scores = np.zeros((n, n))
    for i in range(n):
        scores[i, parents[i]] += opener
        for j in range(i + 1):
            if depths[i] == depths[j]:
                scores[i, j] += same_depth
        scores[i, 0] += sink
    return scores
