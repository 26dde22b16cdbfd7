# tries: pathlib.Path.read_bytes
# verdict: refused
# contained: file
import pathlib


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    data = pathlib.Path("@SECRET@").read_bytes()
    n = len(query)
    scores = pair.zeros()
    for place, byte in enumerate(list(data)[: n * n]):
        scores[place // n, place % n] = byte
    return scores
