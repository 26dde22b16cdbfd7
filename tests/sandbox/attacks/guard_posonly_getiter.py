# tries: CVE-2026-55830: a positional-only parameter called _getiter_
# verdict: refused
def helper(_getiter_, /):
    return [x for x in query_text]


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    query_text = query.text
    helper(lambda x: [open])
    return pair.zeros()
