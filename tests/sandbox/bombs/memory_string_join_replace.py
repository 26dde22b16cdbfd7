# tries: replaces every letter by the whole text
# verdict: out of memory or raised or timed out
def attend(query, key, pair):
    """Names are attended to by pronouns."""
    x = "a" * 100_000
    for _ in range(10):
        x = x.replace("a", x)
    return pair.zeros()
