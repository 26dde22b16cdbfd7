# tries: a helper called _getattr_ at the top of the module
# verdict: refused or ok
def _getattr_(thing, name):
    return None


def _write_(thing):
    return thing


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    import numpy as np
    np.zeros
    return pair.zeros()
