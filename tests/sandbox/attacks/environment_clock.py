# tries: reads the clock to make results depend on time
# verdict: refused
import time


def attend(query, key, pair):
    """Each token attends to the token before it."""
    scores = pair.zeros()
    scores[0, 0] = time.time() % 7
    return scores
