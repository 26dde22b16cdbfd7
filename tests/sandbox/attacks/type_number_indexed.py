# tries: an abstract type of numbers
# verdict: raised
def attend(query, key, pair):
    """x"""
    return float(np.number[0](3)) + float(np.integer[0](3)) + float(np.floating[0](3))
