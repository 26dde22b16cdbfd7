# tries: ten loops within one another that do nothing
# verdict: timed out
def attend(query, key, pair):
    """The first token of the text is a sink."""
    n = 1000
    for a in range(n):
        for b in range(n):
            for c in range(n):
                for d in range(n):
                    pass
    return pair.zeros()
