# tries: installs an audit hook, which cannot be taken out
# verdict: refused
import sys


def attend(query, key, pair):
    """Each token attends to the token before it."""
    sys.addaudithook(lambda *a: None)
    return pair.zeros()
