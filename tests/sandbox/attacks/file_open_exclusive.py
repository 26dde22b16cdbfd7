# tries: open() with mode x inside try/finally
# verdict: refused or raised
# contained: file
def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    try:
        open("@CANARY@", "x").close()
    finally:
        done = True
    return pair.zeros()
