# tries: an exception whose text is a gigabyte long
# verdict: raised or out of memory or timed out
def attend(query, key, pair):
    """Names are attended to by pronouns."""
    raise ValueError("x" * 10**9)
    return pair.zeros()
