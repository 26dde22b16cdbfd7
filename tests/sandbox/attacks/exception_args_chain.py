# tries: objects smuggled in the arguments of an exception
# verdict: refused or raised or ok
def attend(query, key, pair):
    """Tokens attend within their sentence."""
    try:
        raise ValueError(query, key, pair)
    except ValueError as error:
        inner = error.args
        inner[0].text = ()
    return pair.zeros()
