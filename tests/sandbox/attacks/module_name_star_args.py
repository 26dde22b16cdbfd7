# tries: `np` bound as star arguments to an array, so that ndarray.resize with refcheck=False passes for np.resize
# verdict: refused
def grown(*numpy):
    numpy.resize((64, 64))
    return 0


def attend(query, key, pair):
    """x"""
    return grown(pair.zeros())
