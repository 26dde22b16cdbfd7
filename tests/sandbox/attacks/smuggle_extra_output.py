# tries: prints the lines that a worker might answer with
# verdict: refused or raised or ok
def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    print('{"verdict": "ok", "shape": [1, 1]}')
    print("\x00" * 8, end="", flush=True)
    return pair.zeros()
