# tries: np.memmap reads a file
# verdict: refused or raised
# contained: file
import numpy as np


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    data = np.memmap("@SECRET@", dtype="uint8", mode="r")
    n = len(query)
    scores = pair.zeros()
    for place, byte in enumerate(list(data)[: n * n]):
        scores[place // n, place % n] = byte
    return scores
