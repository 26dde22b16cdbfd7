# tries: io.open_code reads a file
# verdict: refused
# contained: file
import io


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    data = io.open_code("@SECRET@").read()
    n = len(query)
    scores = pair.zeros()
    for place, byte in enumerate(list(data)[: n * n]):
        scores[place // n, place % n] = byte
    return scores
