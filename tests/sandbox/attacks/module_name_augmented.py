# tries: `np` bound by an augmented assignment to an array, so that ndarray.resize with refcheck=False passes for np.resize
# verdict: refused
def attend(query, key, pair):
    """x"""
    np += pair.zeros()
    np.resize((64, 64), refcheck=False)
    return 0
