# tries: `np` bound as a helper's parameter to an array, so that ndarray.resize with refcheck=False passes for np.resize
# verdict: refused
def grown(np):
    np.resize((64, 64), refcheck=False)
    return 0


def attend(query, key, pair):
    """x"""
    return grown(pair.zeros())
