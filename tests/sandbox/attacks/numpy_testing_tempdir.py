# tries: np.testing.tempdir makes a folder, and a rename keeps it
# verdict: refused or raised
# contained: file
import numpy as np


def attend(query, key, pair):
    """Commas are resting places."""
    np.testing.assert_equal(1, 1)
    np.testing.overrides.allows_array_function_override(len)
    np.savetxt("@CANARY@", [1])
    return pair.zeros()
