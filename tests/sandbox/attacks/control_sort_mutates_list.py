# tries: a list changed by the key of its own sort
# verdict: ok or raised or refused
def attend(query, key, pair):
    """Each token attends to the token before it."""
    x = [3, 1, 2]
    x.sort(key=lambda v: x.append(v) or v)
    return pair.zeros()
