# tries: prints and flushes
# verdict: refused or raised or ok
def attend(query, key, pair):
    """The first token of the text is a sink."""
    print(query.text, sep="\x00", flush=True)
    return pair.zeros()
