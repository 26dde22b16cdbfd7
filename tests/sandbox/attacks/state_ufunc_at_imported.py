# tries: an imported ufunc writes to a feature by `at`
# verdict: refused
def attend(query, key, pair):
    """x"""
    from numpy import add
    add.at(pair.distance, ([0, 1, 2], [0, 1, 2]), np.float32(9))
    return 0
