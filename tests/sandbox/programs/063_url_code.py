import numpy as np

OPERATORS = set("=+-*/<>")


def kind_of(token: str) -> str:
    """Coarse kind of a token."""
    if token.isdigit():
        return "number"
    elif token.isalpha():
        return "word"
    elif all(ch in OPERATORS for ch in token):
        return "operator"
    elif token in "()[]{}":
        return "bracket"
    else:
        return "other"


def attend(query, key, pair, same_kind=1.5, operator=2.5, sink=1.0):
    """In code, tokens attend to tokens of their own kind, and operands to operators."""
    kinds = [kind_of(t) for t in query.text]
    n = len(kinds)
    scores = np.zeros((n, n))
    for i in range(n):
        for j in range(i):
            if kinds[i] == kinds[j]:
                scores[i, j] += same_kind
            elif kinds[j] == "operator" and kinds[i] in {"number", "word"}:
                scores[i, j] += operator
    scores[:, 0] += sink
    return scores
