# tries: an array with negative strides, whose raw bytes run backwards
# verdict: ok or raised
def attend(query, key, pair):
    """All visible tokens count alike."""
    return pair.zeros()[::-1, ::-1]
