# tries: an asynchronous comprehension
# verdict: refused
async def helper(x):
    return [y async for y in x]


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    return pair.zeros()
