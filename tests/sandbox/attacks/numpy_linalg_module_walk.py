# tries: from np.linalg to the modules it imports
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    np.linalg.linalg.os
    return np.linalg._linalg.sys.modules
