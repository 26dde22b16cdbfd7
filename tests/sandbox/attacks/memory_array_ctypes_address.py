# tries: the address of an array as a score
# verdict: refused or raised
def attend(query, key, pair):
    """All visible tokens count alike."""
    return pair.zeros() + float(pair.zeros().ctypes.data)
