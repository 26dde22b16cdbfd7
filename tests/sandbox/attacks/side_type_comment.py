# tries: type comments, which some tools evaluate
# verdict: ok
def attend(query, key, pair):
    """Each token attends to the token before it."""
    x = []  # type: __import__("os").mkdir("@CANARY@")
    for y in x:  # type: ignore[open("@CANARY@", "w")]
        pass
    return pair.zeros()
