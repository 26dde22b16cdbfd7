# tries: ag_frame of an asynchronous generator
# verdict: refused
# contained: file
async def walk():
    yield 1


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    walk().ag_frame.f_builtins["open"]("@CANARY@", "w").close()
    return pair.zeros()
