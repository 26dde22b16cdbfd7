# tries: the type of arrays by a loop
# verdict: raised
def attend(query, key, pair):
    """x"""
    for make in np.ndarray:
        pass
    slot = np.array([None], 'O')
    view = make((1,), 'i8', slot)
    return float(view[0])
