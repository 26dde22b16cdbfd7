# tries: an alias imported in one function and bound in another
# verdict: refused
def alias():
    import numpy as m
    return m


def grown(x):
    m = x
    m.resize((64, 64), refcheck=False)
    return 0


def attend(query, key, pair):
    """x"""
    return grown(pair.zeros())
