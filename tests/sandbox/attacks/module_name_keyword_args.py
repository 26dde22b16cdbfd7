# tries: `np` bound as keyword arguments to an array, so that ndarray.resize with refcheck=False passes for np.resize
# verdict: refused
def grown(**math):
    math.resize((64, 64))
    return 0


def attend(query, key, pair):
    """x"""
    return grown(x=1)
