# tries: a set comprehension at the top of the module
# verdict: refused or raised
# contained: file
OPENED = {open(path, "w").close() for path in ("@CANARY@",)}


def attend(query, key, pair):
    """Commas are resting places."""
    return pair.zeros()
