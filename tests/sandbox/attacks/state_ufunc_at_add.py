# tries: np.add.at writes to a feature although it is read-only
# verdict: refused
def attend(query, key, pair):
    """x"""
    np.add.at(pair.distance, ([0, 1, 2], [0, 1, 2]), np.float32(7))
    np.add.at(query.is_comma, [0, 1, 2], np.float32(7))
    return 0
