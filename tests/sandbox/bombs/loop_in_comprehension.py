# tries: a comprehension over a list that grows under it
# verdict: out of memory or timed out or raised
def attend(query, key, pair):
    """Names are attended to by pronouns."""
    x = [1]
    y = [x.append(z) for z in x]
    return pair.zeros()
