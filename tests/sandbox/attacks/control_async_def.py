# tries: the main function is a coroutine
# verdict: refused
async def attend(query, key, pair):
    """Each token attends to the token before it."""
    return pair.zeros()
