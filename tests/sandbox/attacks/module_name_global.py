# tries: `np` bound through a global statement to an array, so that ndarray.resize with refcheck=False passes for np.resize
# verdict: refused
def shadow(x):
    global np
    np = x


def attend(query, key, pair):
    """x"""
    shadow(pair.zeros())
    np.resize((64, 64), refcheck=False)
    return 0
