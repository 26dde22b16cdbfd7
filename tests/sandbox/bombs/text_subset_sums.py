# tries: all subsets of forty numbers
# verdict: timed out or out of memory
def attend(query, key, pair):
    """All visible tokens count alike."""
    found = [()]
    for i in range(40):
        found = found + [subset + (i,) for subset in found]
    return pair.zeros() + len(found)
