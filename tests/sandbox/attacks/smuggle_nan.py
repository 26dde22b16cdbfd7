# tries: NaN in every cell
# verdict: ok or raised
def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    return pair.zeros() + float("nan")
