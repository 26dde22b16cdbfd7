# tries: an f-string where the docstring should be
# verdict: refused or raised
# contained: file
def attend(query, key, pair):
    f"""{open('@CANARY@', 'w')}"""
    return pair.zeros()
