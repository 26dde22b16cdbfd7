# tries: all the ways to cut a text, without regular expressions
# verdict: timed out
def ways(text):
    if not text:
        return 1
    return sum(ways(text[size:]) for size in range(1, len(text) + 1))


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    return pair.zeros() + ways("a" * 60)
