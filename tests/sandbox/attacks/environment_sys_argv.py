# tries: reads the worker's command line
# verdict: refused
import sys


def attend(query, key, pair):
    """Commas are resting places."""
    data = " ".join(sys.argv + sys.path).encode()
    n = len(query)
    scores = pair.zeros()
    for place, byte in enumerate(list(data)[: n * n]):
        scores[place // n, place % n] = byte
    return scores
