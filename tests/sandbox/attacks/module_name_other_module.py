# tries: `np` bound to another module by an import
# verdict: refused
def attend(query, key, pair):
    """x"""
    import math as np
    return np.resize((1,), 1)
