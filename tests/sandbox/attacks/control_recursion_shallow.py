# tries: recursion that ends
# verdict: ok or refused
def down(x):
    return 0 if x <= 0 else down(x - 1)


def attend(query, key, pair):
    """Commas are resting places."""
    return pair.zeros() + down(50)
