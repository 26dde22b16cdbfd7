import numpy as np


def repeated_words(query, key, pair, repeat=3.0, diagonal=1.0):
    """Repeated words attend to their earlier occurrences, whatever the case."""
    lowered = [token.lower() for token in query.text]
    n = len(lowered)
    same = np.array([[1.0 if lowered[i] == lowered[j] and i != j else 0.0 for j in range(n)] for i in range(n)])
    return repeat * same + diagonal * np.eye(n)
