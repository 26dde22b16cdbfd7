# tries: CVE-2026-55830: a positional-only parameter called _print_
# verdict: refused
def helper(_print_, /):
    print("here")


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    helper(None)
    return pair.zeros()
