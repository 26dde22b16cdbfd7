# tries: cr_frame of a coroutine
# verdict: refused
# contained: file
async def walk():
    return 1


def attend(query, key, pair):
    """Commas are resting places."""
    c = walk()
    c.cr_frame.f_builtins["open"]("@CANARY@", "w").close()
    c.close()
    return pair.zeros()
