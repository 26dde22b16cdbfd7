# tries: `np` bound by unpacking to an array, so that ndarray.resize with refcheck=False passes for np.resize
# verdict: refused
def attend(query, key, pair):
    """x"""
    (np, other) = (pair.zeros(), 1)
    np.resize((64, 64), refcheck=False)
    return 0
