# tries: an endless loop that swallows BaseException, timeouts included
# verdict: timed out or refused
def attend(query, key, pair):
    """The first token of the text is a sink."""
    while True:
        try:
            while True:
                len(query)
        except BaseException:
            continue
    return pair.zeros()
