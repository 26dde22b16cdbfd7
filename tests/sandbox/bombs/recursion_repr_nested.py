# tries: the text of a list nested a hundred thousand deep
# verdict: raised or crashed or ok
def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    x = []
    for _ in range(100_000):
        x = [x]
    text = f"{x}"
    return pair.zeros() + len(text)
