# tries: a method of NumPy's type of numbers, which is one of arrays too
# verdict: raised
def attend(query, key, pair):
    """x"""
    d = np.float64.astype(np.float64(3), 'M8[us]')
    return float(len(str(d)))
