# tries: an import's alias bound to an array
# verdict: refused
def attend(query, key, pair):
    """x"""
    import numpy as m
    m = pair.zeros()
    m.resize((64, 64), refcheck=False)
    return 0
