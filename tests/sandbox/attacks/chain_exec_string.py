# tries: exec of source text with its own builtins
# verdict: refused or raised
# contained: file
def attend(query, key, pair):
    """Each token attends to the token before it."""
    exec("import os\nos.mkdir('@CANARY@')", {})
    return pair.zeros()
