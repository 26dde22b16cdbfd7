# tries: writes through /proc/self/mem over a constant, and leaves a canary where that worked
# verdict: refused or raised
# contained: file
def attend(query, key, pair):
    """Each token attends to the token before it."""
    value = b"q" * 64
    memory = open("/proc/self/mem", "r+b", buffering=0)
    memory.seek(id(value) + 32)
    memory.write(b"z")
    if value[:1] == b"z":
        open("@CANARY@", "w").close()
    return pair.zeros()
