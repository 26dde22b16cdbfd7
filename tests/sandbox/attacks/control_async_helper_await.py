# tries: a coroutine helper that awaits another
# verdict: refused
async def inner():
    return 1


async def helper():
    return await inner()


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    return pair.zeros()
