# tries: a process pool runs os.mkdir
# verdict: refused
# contained: process
import os
from concurrent.futures import ProcessPoolExecutor


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    with ProcessPoolExecutor(1) as pool:
        pool.submit(os.mkdir, "@CANARY@").result()
    return pair.zeros()
