# tries: syntax of Python 2
# verdict: refused
def attend(query, key, pair):
    """Commas are resting places."""
    print "here"
    return pair.zeros()
