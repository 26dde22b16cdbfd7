# tries: forbidden code under if False, which the compiler drops
# verdict: refused
def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    if False:
        query.__class__
    if 0:
        import os
    return pair.zeros()
