# tries: `np` bound as a lambda's parameter to an array, so that ndarray.resize with refcheck=False passes for np.resize
# verdict: refused
def attend(query, key, pair):
    """x"""
    return (lambda np: np.resize((64, 64), refcheck=False))(pair.zeros()) or 0
