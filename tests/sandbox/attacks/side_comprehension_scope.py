# tries: an effect in the condition of a comprehension
# verdict: refused or raised
# contained: file
def attend(query, key, pair):
    """The first token of the text is a sink."""
    x = [1 for path in ["@CANARY@"] if open(path, "w").close() is None]
    return pair.zeros()
