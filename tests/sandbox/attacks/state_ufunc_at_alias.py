# tries: a ufunc under another name writes to a feature by `at`
# verdict: refused
def attend(query, key, pair):
    """x"""
    f = np.multiply
    f.at(pair.distance, ([0, 1, 2], [0, 1, 2]), np.float32(9))
    return 0
