# tries: a loop over a list that grows under it
# verdict: out of memory or timed out
def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    x = [1]
    for y in x:
        x.append(y)
    return pair.zeros()
