import numpy as np


def case_of(token: str) -> str:
    if token.isupper() and len(token) > 1:
        return "upper"
    if token.istitle():
        return "title"
    if token.islower():
        return "lower"
    return "none"


def attend(query, key, pair, upper=3.0, title=2.0, lower=1.0, sink=1.0):
    """Tokens attend to earlier tokens written in the same case: capitals, titles or lower case."""
    strength = {"upper": upper, "title": title, "lower": lower}
    cases = list(map(case_of, query.text))
    n = len(cases)
    scores = np.zeros((n, n))
    for i in range(n):
        for j in range(i):
            if cases[i] == cases[j]:
                scores[i, j] += strength.get(cases[i], 0.0)
    scores[:, 0] += sink
    return scores
