# tries: the hash of a tuple nested a million deep
# verdict: raised or crashed or ok or timed out
def attend(query, key, pair):
    """Names are attended to by pronouns."""
    x = ()
    for _ in range(1_000_000):
        x = (x,)
    return pair.zeros() + len({x})
