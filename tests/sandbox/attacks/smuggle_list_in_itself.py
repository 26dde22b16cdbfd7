# tries: returns a list that holds itself
# verdict: raised or wrong shape
def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    x = [1.0]
    x.append(x)
    return x
