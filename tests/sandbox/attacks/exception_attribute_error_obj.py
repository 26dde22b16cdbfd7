# tries: CVE-2024-47532: AttributeError.obj holds the whole module
# verdict: refused or raised
# contained: file
import numpy as np


def attend(query, key, pair):
    """Each token attends to the token before it."""
    try:
        np.no_such_name
    except AttributeError as error:
        error.obj.savetxt("@CANARY@", [0.0])
    return pair.zeros()
