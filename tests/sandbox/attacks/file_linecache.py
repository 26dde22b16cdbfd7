# tries: linecache.getlines reads a file
# verdict: refused
# contained: file
import linecache


def attend(query, key, pair):
    """Commas are resting places."""
    data = [ord(ch) % 256 for line in linecache.getlines("@SECRET@") for ch in line]
    n = len(query)
    scores = pair.zeros()
    for place, byte in enumerate(list(data)[: n * n]):
        scores[place // n, place % n] = byte
    return scores
