# tries: returns a list whose hundred million rows are the same row
# verdict: wrong shape or out of memory or raised or timed out
def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    row = [0.0] * 10_000
    return [row] * 10_000_000
