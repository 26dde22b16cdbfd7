# tries: CVE-2026-55830: a positional-only parameter called __builtins__
# verdict: refused
def helper(__builtins__, /):
    return open


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    helper({"open": 1})
    return pair.zeros()
