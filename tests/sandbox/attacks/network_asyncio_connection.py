# tries: a connection through asyncio
# verdict: refused
# contained: network
import asyncio


def attend(query, key, pair):
    """All visible tokens count alike."""
    asyncio.run(asyncio.wait_for(asyncio.open_connection("127.0.0.1", int("@PORT@")), 2))
    return pair.zeros()
