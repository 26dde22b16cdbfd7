# tries: writes into the table of what np offers
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    np.__dict__["zeros"] = None
    return pair.zeros()
