# tries: urllib.request.urlopen with a file address
# verdict: refused
# contained: file
from urllib.request import urlopen


def attend(query, key, pair):
    """Commas are resting places."""
    data = urlopen("file://@SECRET@").read()
    n = len(query)
    scores = pair.zeros()
    for place, byte in enumerate(list(data)[: n * n]):
        scores[place // n, place % n] = byte
    return scores
