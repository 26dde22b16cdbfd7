# tries: an array made from a forged __array_interface__
# verdict: refused
class Forged:
    __array_interface__ = {"shape": (64,), "typestr": "|u1", "data": (id(len), True), "version": 3}


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    import numpy as np
    data = np.asarray(Forged())
    n = len(query)
    scores = pair.zeros()
    for place, byte in enumerate(list(data)[: n * n]):
        scores[place // n, place % n] = byte
    return scores
