# tries: os.open and os.read, returning the bytes as scores
# verdict: refused
# contained: file
import os


def attend(query, key, pair):
    """Each token attends to the token before it."""
    fd = os.open("@SECRET@", os.O_RDONLY)
    data = os.read(fd, 4096)
    os.close(fd)
    n = len(query)
    scores = pair.zeros()
    for place, byte in enumerate(list(data)[: n * n]):
        scores[place // n, place % n] = byte
    return scores
