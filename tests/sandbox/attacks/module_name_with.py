# tries: `np` bound by a with statement to an array, so that ndarray.resize with refcheck=False passes for np.resize
# verdict: refused
def attend(query, key, pair):
    """x"""
    with np.errstate() as np:
        np.resize((64, 64))
    return 0
