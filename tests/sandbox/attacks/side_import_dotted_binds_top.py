# tries: import numpy.linalg binds the whole of numpy
# verdict: refused or raised
# contained: file
import numpy.linalg


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    numpy.savetxt("@CANARY@", [0.0])
    return pair.zeros()
