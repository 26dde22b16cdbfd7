# tries: repr of the views, functions and modules by f-string; must tell no address or path
# verdict: refused or raised or ok
import numpy as np


def attend(query, key, pair):
    """All visible tokens count alike."""
    text = f"{query!r}{pair.zeros!r}{np!r}{attend!r}"
    n = len(query)
    scores = pair.zeros()
    for place, byte in enumerate(list(text.encode())[: n * n]):
        scores[place // n, place % n] = byte
    return scores
