# tries: np.negative.at writes to a feature although it is read-only
# verdict: refused
def attend(query, key, pair):
    """x"""
    np.negative.at(pair.distance, ([0, 1, 2], [0, 1, 2]))
    np.negative.at(query.is_comma, [0, 1, 2])
    return 0
