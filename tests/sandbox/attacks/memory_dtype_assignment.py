# tries: turns floats into pointers by assigning the dtype
# verdict: refused or raised
def attend(query, key, pair):
    """All visible tokens count alike."""
    a = pair.zeros() + 1e-300
    a.dtype = "O"
    return a[0, 0]
