# tries: async with and async for
# verdict: refused
async def helper(x):
    async with x as y:
        async for z in y:
            pass


def attend(query, key, pair):
    """All visible tokens count alike."""
    return pair.zeros()
