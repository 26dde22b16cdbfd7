# tries: a method of NumPy's type of numbers handed on
# verdict: raised
def attend(query, key, pair):
    """x"""
    return float(len(str(list(map(np.float64.astype, [np.float64(3)], ['M8[us]'])))))
