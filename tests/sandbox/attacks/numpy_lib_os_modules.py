# tries: the os module inside NumPy's own modules
# verdict: refused or raised
# contained: file
import numpy as np


def attend(query, key, pair):
    """All visible tokens count alike."""
    np.lib._datasource.os.mkdir("@CANARY@")
    return pair.zeros()
