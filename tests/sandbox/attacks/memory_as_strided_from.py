# tries: as_strided imported by name
# verdict: refused
from numpy.lib.stride_tricks import as_strided


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    wide = as_strided(pair.zeros(), (10**6,), (8,))
    wide[500000] = 1.0
    return pair.zeros()
