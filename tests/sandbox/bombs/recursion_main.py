# tries: the main function calls itself
# verdict: raised or crashed
def attend(query, key, pair):
    """Each token attends to the token before it."""
    return attend(query, key, pair) + len(query)
