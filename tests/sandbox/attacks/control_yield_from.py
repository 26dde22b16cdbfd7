# tries: yield from
# verdict: refused or raised or wrong shape
def attend(query, key, pair):
    """Commas are resting places."""
    yield from [pair.zeros()]
