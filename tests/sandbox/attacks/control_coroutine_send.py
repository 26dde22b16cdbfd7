# tries: drives a coroutine by hand
# verdict: refused
# contained: file
async def helper():
    open("@CANARY@", "w").close()


def attend(query, key, pair):
    """Each token attends to the token before it."""
    c = helper()
    try:
        c.send(None)
    except StopIteration:
        pass
    return pair.zeros()
