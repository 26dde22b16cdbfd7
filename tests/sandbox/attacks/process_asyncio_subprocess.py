# tries: a subprocess through asyncio
# verdict: refused
# contained: process
import asyncio


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    async def main():
        child = await asyncio.create_subprocess_exec("touch", "@CANARY@")
        await child.wait()


    asyncio.run(main())
    return pair.zeros()
