# tries: __wrapped__, __defaults__ and __kwdefaults__ of helpers
# verdict: refused
def helper(x=1):
    return x


def attend(query, key, pair):
    """All visible tokens count alike."""
    helper.__defaults__ = (10**9,)
    return pair.zeros() + helper()
