# tries: CVE-2026-55830: a positional-only _write_ with a default lets np.zeros be replaced
# verdict: refused
import numpy as np


def helper(_write_=lambda thing: thing, /):
    np.zeros = None


def attend(query, key, pair):
    """Commas are resting places."""
    helper()
    return pair.zeros()
