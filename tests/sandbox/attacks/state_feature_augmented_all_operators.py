# tries: every in-place operator on local names that are features
# verdict: refused or raised or ok
def attend(query, key, pair):
    """Names are attended to by pronouns."""
    c = key.length
    c *= 0
    c -= 1
    c /= 2
    c **= 2
    c //= 1
    c %= 3
    return pair.zeros()
