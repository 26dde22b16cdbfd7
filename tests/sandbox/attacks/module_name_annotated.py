# tries: `np` bound by an annotated assignment to an array, so that ndarray.resize with refcheck=False passes for np.resize
# verdict: refused
def attend(query, key, pair):
    """x"""
    np: object = pair.zeros()
    np.resize((64, 64), refcheck=False)
    return 0
