# tries: import numpy as query
# verdict: refused or raised
# contained: file
def attend(query, key, pair):
    """Each token attends to the token before it."""
    import numpy as query
    return query.savetxt("@CANARY@", [0.0])
