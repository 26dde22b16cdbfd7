# tries: an import's alias as a helper's parameter
# verdict: refused
def grown(m):
    m.resize((64, 64), refcheck=False)
    return 0


def attend(query, key, pair):
    """x"""
    import numpy as m
    return grown(pair.zeros())
