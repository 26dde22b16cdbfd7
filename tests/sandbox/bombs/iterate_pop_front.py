# tries: takes the front off a long list, which moves all the rest
# verdict: timed out
def attend(query, key, pair):
    """Names are attended to by pronouns."""
    x = [0] * 5_000_000
    total = 0
    while x:
        x.pop(0)
        x.insert(0, 1)
        total += 1
    return pair.zeros()
