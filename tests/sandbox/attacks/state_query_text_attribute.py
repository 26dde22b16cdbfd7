# tries: assigns query.text
# verdict: refused or raised
def attend(query, key, pair):
    """Tokens attend within their sentence."""
    query.text = ("x",) * len(query)
    return pair.zeros()
