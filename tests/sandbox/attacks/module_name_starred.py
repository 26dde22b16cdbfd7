# tries: `np` bound by starred unpacking to an array, so that ndarray.resize with refcheck=False passes for np.resize
# verdict: refused
def attend(query, key, pair):
    """x"""
    first, *math = [1, pair.zeros()]
    math.copy()
    return 0
