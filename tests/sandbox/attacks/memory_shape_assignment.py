# tries: assigns the shape of a feature, which every later program would see
# verdict: refused or raised
def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    key.is_comma.shape = (1, len(key))
    return pair.zeros()
