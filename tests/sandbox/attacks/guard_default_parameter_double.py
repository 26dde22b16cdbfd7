# tries: a helper whose parameters are called np, query and pair and hide the runtime's
# verdict: refused or raised
def helper(np, pair, len):
    return np.savetxt(pair)


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    helper(query, key, lambda x: 1)
    return pair.zeros()
