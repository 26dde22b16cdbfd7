# tries: UnicodeError.object
# verdict: refused or raised or wrong shape
def attend(query, key, pair):
    """All visible tokens count alike."""
    try:
        "é".encode("ascii")
    except UnicodeError as error:
        return error.object
    return pair.zeros()
