# tries: an exception whose message is ten megabytes long
# verdict: raised
def attend(query, key, pair):
    """The first token of the text is a sink."""
    raise ValueError("x" * 10_000_000)
    return pair.zeros()
