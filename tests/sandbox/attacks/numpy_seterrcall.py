# tries: an error callback that stays for later programs
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """Commas are resting places."""
    np.seterr(all="call")
    np.seterrcall(lambda kind, flag: None)
    np.log(np.zeros(1))
    return pair.zeros()
