# tries: locals() of the function
# verdict: refused or raised
def attend(query, key, pair):
    """Commas are resting places."""
    locals()["query"] = None
    locals().clear()
    return pair.zeros()
