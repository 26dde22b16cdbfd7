# tries: np.testing and its submodules, then savetxt
# verdict: refused or raised
# contained: file
import numpy as np


def attend(query, key, pair):
    """Commas are resting places."""
    np.testing.assert_equal(1, 1)
    np.testing.overrides.allows_array_function_override(len)
    np.savetxt("@CANARY@", [1])
    return pair.zeros()
