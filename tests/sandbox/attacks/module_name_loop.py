# tries: `np` bound by a loop to an array, so that ndarray.resize with refcheck=False passes for np.resize
# verdict: refused
def attend(query, key, pair):
    """x"""
    for np in [pair.zeros()]:
        np.resize((64, 64), refcheck=False)
    return 0
