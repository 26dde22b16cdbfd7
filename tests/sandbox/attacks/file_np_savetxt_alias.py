# tries: np.savetxt through a local alias
# verdict: refused or raised
# contained: file
import numpy as np


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    write = np.savetxt
    write("@CANARY@", [[1.0]], header="here")
    return pair.zeros()
