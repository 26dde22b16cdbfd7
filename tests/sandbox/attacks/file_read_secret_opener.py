# tries: reads a file through open() with an own opener
# verdict: refused or raised
# contained: file
import os


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    data = open("@SECRET@", "rb", opener=lambda path, flags: os.open(path, flags)).read()
    n = len(query)
    scores = pair.zeros()
    for place, byte in enumerate(list(data)[: n * n]):
        scores[place // n, place % n] = byte
    return scores
