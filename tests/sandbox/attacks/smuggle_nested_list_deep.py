# tries: returns a list nested five thousand deep
# verdict: raised or wrong shape
def attend(query, key, pair):
    """Names are attended to by pronouns."""
    x = []
    for _ in range(5000):
        x = [x]
    return x
