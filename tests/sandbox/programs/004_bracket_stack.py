import numpy as np


def bracket_matching(query, key, pair, match=7.0, inside=2.0, base=1.0):
    """Closing brackets attend to the bracket they close; tokens inside brackets attend to the opening one."""
    pairs = {")": "(", "]": "[", "}": "{"}
    openers = set(pairs.values())
    tokens = query.text
    n = len(tokens)
    scores = np.zeros((n, n))
    stack = []
    for i, tok in enumerate(tokens):
        scores[i, 0] += base
        if tok in openers:
            stack.append((tok, i))
        elif tok in pairs:
            # pop until we find the partner; unbalanced text is simply ignored
            while stack:
                opener, j = stack.pop()
                if opener == pairs[tok]:
                    scores[i, j] += match
                    break
        elif stack:
            scores[i, stack[-1][1]] += inside
    return scores
