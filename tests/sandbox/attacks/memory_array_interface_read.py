# tries: reads __array_interface__ of a feature
# verdict: refused
def attend(query, key, pair):
    """Tokens attend within their sentence."""
    return pair.zeros() + key.is_comma.__array_interface__["data"][0]
