# tries: the type of arrays by unpacking
# verdict: raised
def attend(query, key, pair):
    """x"""
    (make,) = np.ndarray
    slot = np.array([None], 'O')
    view = make((1,), 'i8', slot)
    return float(view[0])
