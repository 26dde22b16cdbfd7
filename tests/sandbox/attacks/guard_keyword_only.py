# tries: a keyword-only guard
# verdict: refused
def helper(*, _getattr_=None):
    return query_text.upper()


def attend(query, key, pair):
    """Each token attends to the token before it."""
    return pair.zeros()
