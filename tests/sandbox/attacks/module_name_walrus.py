# tries: `np` bound by a walrus to an array, so that ndarray.resize with refcheck=False passes for np.resize
# verdict: refused
def attend(query, key, pair):
    """x"""
    if (np := pair.zeros()) is not None:
        np.resize((64, 64), refcheck=False)
    return 0
