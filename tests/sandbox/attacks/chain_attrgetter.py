# tries: operator.attrgetter
# verdict: refused
# contained: file
from operator import attrgetter, methodcaller


def attend(query, key, pair):
    """The first token of the text is a sink."""
    import numpy as np
    methodcaller("tofile", "@CANARY@")(np.zeros(1))
    attrgetter("__class__.__base__")(query)
    return pair.zeros()
