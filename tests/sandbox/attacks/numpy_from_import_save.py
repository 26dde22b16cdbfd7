# tries: from numpy import savetxt under a harmless name
# verdict: refused or raised
# contained: file
from numpy import savetxt as zeros


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    zeros("@CANARY@", [0.0])
    return pair.zeros()
