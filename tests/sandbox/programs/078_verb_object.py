import numpy as np

TRANSITIVE = {"bought", "liked", "told", "know", "made", "saw", "open"}
SKIP = {"the", "a", "an", "his", "her", "their", "my", "your", "not"}


def attend(query, key, pair, obj=4.0, verb_to_self=2.0, sink=1.0):
    """Objects attend to the verb that governs them, across determiners and adjectives."""
    words = [w.lower() for w in query.text]
    n = len(words)
    scores = np.zeros((n, n))
    scores[:, 0] += sink
    for v, word in enumerate(words):
        if word not in TRANSITIVE:
            continue
        scores[v, v] += verb_to_self
        reach = 0
        for i in range(v + 1, min(v + 6, n)):
            if words[i] in SKIP:
                continue
            if not words[i].isalpha():
                break
            reach += 1
            scores[i, v] += obj / reach
            if reach == 2:
                break
    return scores
