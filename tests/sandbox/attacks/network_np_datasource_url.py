# tries: NumPy's DataSource fetches an address
# verdict: refused or raised
# contained: network
import numpy as np


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    try:
        np.lib.npyio.DataSource(None).open("http://127.0.0.1:@PORT@/here.txt")
    except OSError:
        pass
    return pair.zeros()
