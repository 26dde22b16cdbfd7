# tries: __import__ in a list of functions
# verdict: refused
# contained: file
def attend(query, key, pair):
    """Names are attended to by pronouns."""
    for load, name in zip([__import__], ["posix"]):
        load(name).mkdir("@CANARY@")
    return pair.zeros()
