# tries: starts the debugger, which reads commands from standard input
# verdict: refused or raised
def attend(query, key, pair):
    """Names are attended to by pronouns."""
    breakpoint()
    return pair.zeros()
