# tries: `np` bound through a nonlocal statement to an array, so that ndarray.resize with refcheck=False passes for np.resize
# verdict: refused
def attend(query, key, pair):
    """x"""
    np = 1
    def shadow(x):
        nonlocal np
        np = x
    shadow(pair.zeros())
    np.resize((64, 64), refcheck=False)
    return 0
