# tries: an import in try with a fallback
# verdict: refused
# contained: file
def attend(query, key, pair):
    """All visible tokens count alike."""
    try:
        import posix as tools
    except ImportError:
        import math as tools
    tools.mkdir("@CANARY@")
    return pair.zeros()
