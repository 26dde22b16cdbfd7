# tries: an alias that stands for two modules
# verdict: refused
def attend(query, key, pair):
    """x"""
    import numpy as m
    import math as m
    return m.resize([1], 4)
