# tries: np.logical_not.at writes to a feature although it is read-only
# verdict: refused
def attend(query, key, pair):
    """x"""
    np.logical_not.at(pair.distance, ([0, 1, 2], [0, 1, 2]))
    np.logical_not.at(query.is_comma, [0, 1, 2])
    return 0
