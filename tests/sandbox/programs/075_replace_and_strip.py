import numpy as np

MARKS = ".,;:!?\"'()[]"


def normal(token: str) -> str:
    """Lower case without marks and apostrophes, and without a plural s."""
    word = token.lower().replace("’", "'").strip(MARKS)
    if word.endswith("'s"):
        word = word[:-2]
    if len(word) > 3 and word.endswith("s"):
        word = word.rstrip("s")
    return word


def attend(query, key, pair, lemma=4.0, recency=0.02, sink=1.0):
    """Different forms of one word attend to each other."""
    words = [normal(t) for t in query.text]
    n = len(words)
    scores = np.zeros((n, n))
    for i in range(n):
        for j in range(i):
            if words[i] and words[i] == words[j]:
                scores[i, j] += lemma - recency * (i - j)
    scores[:, 0] += sink
    return scores
