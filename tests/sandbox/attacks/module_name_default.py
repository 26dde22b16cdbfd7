# tries: `np` bound as a constant of the program to an array, so that ndarray.resize with refcheck=False passes for np.resize
# verdict: refused
def attend(query, key, pair, np=1.0):
    """x"""
    np.resize((64, 64))
    return 0
