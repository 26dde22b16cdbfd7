# tries: the decimal text of a very long number, which takes quadratic time
# verdict: timed out or out of memory or raised or refused
def attend(query, key, pair):
    """Names are attended to by pronouns."""
    x = 9 ** 4_000_000
    return pair.zeros() + len(str(x))
