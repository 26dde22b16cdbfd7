# tries: zip over a huge unpacked range
# verdict: timed out or out of memory or raised
def attend(query, key, pair):
    """Commas are resting places."""
    return pair.zeros() + len(list(zip(*[range(10**9)] * 50)))
