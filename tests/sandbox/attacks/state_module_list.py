# tries: a list at the top of the module grows with every call; another program must not see it
# verdict: refused or raised or ok
SEEN = []


def attend(query, key, pair):
    """Commas are resting places."""
    SEEN.append(query.text)
    return pair.zeros()
