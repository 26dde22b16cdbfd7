# tries: a mutable default argument grows with every call
# verdict: refused or raised or ok
def helper(x, store=[]):
    store.append(x)
    return len(store)


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    return pair.zeros() + 0.0 * helper(1)
