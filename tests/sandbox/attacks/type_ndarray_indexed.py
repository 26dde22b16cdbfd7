# tries: the type of arrays, to lay an array over the memory of another
# verdict: raised
def attend(query, key, pair):
    """x"""
    make = np.ndarray[0]
    slot = np.array([None], 'O')
    view = make((1,), 'i8', slot)
    return float(view[0])
