# tries: an assert whose message does something
# verdict: refused or raised
# contained: file
def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    assert not query.text, open("@CANARY@", "w").close()
    return pair.zeros()
