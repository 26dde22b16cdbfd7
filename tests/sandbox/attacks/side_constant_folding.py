# tries: constant expressions that the compiler computes early
# verdict: refused or raised or ok
def attend(query, key, pair):
    """Tokens attend within their sentence."""
    x = 2 ** 2 ** 6 * 3
    y = "a" * 4000 * 2
    return pair.zeros()
