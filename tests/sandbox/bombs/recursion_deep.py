# tries: recursion without an end
# verdict: raised or crashed
def down(x):
    return down(x + 1) + 1


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    return pair.zeros() + down(0)
