# tries: `np` bound as a function rather than to an array, so that ndarray.resize with refcheck=False passes for np.resize
# verdict: refused
def np():
    return 0


def attend(query, key, pair):
    """x"""
    return np.resize
