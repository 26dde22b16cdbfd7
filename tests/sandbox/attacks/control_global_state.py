# tries: a global counter
# verdict: refused or ok
COUNT = 0


def step():
    global COUNT
    COUNT += 1
    return COUNT


def attend(query, key, pair):
    """All visible tokens count alike."""
    return pair.zeros() + step()
