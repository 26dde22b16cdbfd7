# tries: a form feed resets the indentation for the reader
# verdict: refused or raised
# contained: file
def attend(query, key, pair):
    """Names are attended to by pronouns."""
    x = 1
        
    open("@CANARY@", "w").close()
    return pair.zeros()
