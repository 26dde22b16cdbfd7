# tries: a shared memory segment of another process's reach, and a canary where that worked
# verdict: refused
# contained: process
from multiprocessing import shared_memory


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    block = shared_memory.SharedMemory(create=True, size=64)
    block.close()
    block.unlink()
    open("@CANARY@", "w").close()
    return pair.zeros()
