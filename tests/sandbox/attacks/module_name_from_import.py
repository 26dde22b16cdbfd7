# tries: `np` bound to a function by an import
# verdict: refused
def attend(query, key, pair):
    """x"""
    from numpy import zeros as np
    return np.resize
