# tries: `np` bound in a comprehension to an array, so that ndarray.resize with refcheck=False passes for np.resize
# verdict: refused
def attend(query, key, pair):
    """x"""
    return [np.resize((64, 64), refcheck=False) for np in [pair.zeros()]] and 0
