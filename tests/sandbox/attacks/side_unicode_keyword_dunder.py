# tries: a dunder import written with mathematical letters
# verdict: refused
def attend(query, key, pair):
    """Tokens attend within their sentence."""
    n = len(query)
    return __𝐢mport__("os")
