# tries: returns a ragged list of lists
# verdict: raised or wrong shape
def attend(query, key, pair):
    """All visible tokens count alike."""
    return [[0.0] * i for i in range(len(query))] + [[1.0, 2.0], "x"]
