# tries: gi_code and its constants
# verdict: refused
def attend(query, key, pair):
    """All visible tokens count alike."""
    g = (x for x in [1])
    c = g.gi_code.co_consts
    return pair.zeros()
