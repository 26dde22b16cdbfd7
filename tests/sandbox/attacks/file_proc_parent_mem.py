# tries: opens the parent's memory for reading, and leaves a canary where that worked
# verdict: refused or raised
# contained: file
def attend(query, key, pair):
    """All visible tokens count alike."""
    maps = open("/proc/@PID@/maps").read()
    start = int(maps.split("-")[0], 16)
    memory = open("/proc/@PID@/mem", "rb", buffering=0)
    memory.seek(start)
    data = memory.read(64)
    open("@CANARY@", "w").close()
    n = len(query)
    scores = pair.zeros()
    for place, byte in enumerate(list(data)[: n * n]):
        scores[place // n, place % n] = byte
    return scores
