# tries: __globals__ of a method of the views
# verdict: refused
def attend(query, key, pair):
    """Commas are resting places."""
    g = pair.zeros.__func__.__globals__
    g["np"].zeros = None
    return pair.zeros()
