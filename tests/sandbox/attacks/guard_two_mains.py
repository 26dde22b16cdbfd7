# tries: a second definition of the function after the one that was read
# verdict: refused or raised or wrong shape or ok
def attend(query, key, pair):
    """Each token attends to the token before it."""
    return pair.zeros()


attend = lambda query, key, pair: [attend]
