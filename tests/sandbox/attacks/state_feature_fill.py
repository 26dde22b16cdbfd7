# tries: fills a feature
# verdict: refused or raised
def attend(query, key, pair):
    """All visible tokens count alike."""
    pair.log_distance.fill(0.0)
    return pair.zeros()
