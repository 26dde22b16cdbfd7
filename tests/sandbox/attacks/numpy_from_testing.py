# tries: from numpy.testing import runstring
# verdict: refused
# contained: file
from numpy.testing import runstring


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    runstring("import os\nos.mkdir('@CANARY@')", {})
    return pair.zeros()
