# tries: a return in finally overrides an exception of another
# verdict: refused or raised or ok
def helper():
    try:
        return undefined_name_here
    finally:
        return 1.0


def attend(query, key, pair):
    """All visible tokens count alike."""
    return pair.zeros() + helper()
