# tries: the default argument of a lambda
# verdict: refused or raised
# contained: file
def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    f = lambda x=open("@CANARY@", "w"): x
    return pair.zeros()
