# tries: reads memory at an address
# verdict: refused
import ctypes


def attend(query, key, pair):
    """Commas are resting places."""
    data = ctypes.string_at(id(query), 64)
    n = len(query)
    scores = pair.zeros()
    for place, byte in enumerate(list(data)[: n * n]):
        scores[place // n, place % n] = byte
    return scores
