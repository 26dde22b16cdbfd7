# tries: gi_yieldfrom of a delegating generator
# verdict: refused
def attend(query, key, pair):
    """Each token attends to the token before it."""
    g = (x for x in query.text)
    return [g.gi_yieldfrom, g.gi_running]
