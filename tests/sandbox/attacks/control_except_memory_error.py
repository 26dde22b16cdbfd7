# tries: catches MemoryError and RecursionError and goes on
# verdict: refused or raised or ok
def down():
    return down()


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    try:
        down()
    except (MemoryError, RecursionError):
        pass
    return pair.zeros()
