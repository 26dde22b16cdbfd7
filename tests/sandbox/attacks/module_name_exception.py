# tries: `np` bound to an exception rather than to an array, so that ndarray.resize with refcheck=False passes for np.resize
# verdict: refused
def attend(query, key, pair):
    """x"""
    try:
        raise ValueError('x')
    except ValueError as np:
        np.resize((64, 64))
    return 0
