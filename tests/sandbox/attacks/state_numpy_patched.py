# tries: a NumPy function is replaced
# verdict: refused
def attend(query, key, pair):
    """x"""
    import numpy
    numpy.exp = numpy.zeros_like
    return 0
