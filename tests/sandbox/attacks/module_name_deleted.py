# tries: `np` deleted, so that another meaning shines through
# verdict: refused
def attend(query, key, pair):
    """x"""
    del np
    return 0
