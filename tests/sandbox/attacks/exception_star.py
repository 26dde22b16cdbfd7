# tries: CVE-2025-22153: try with except*
# verdict: refused
def attend(query, key, pair):
    """The first token of the text is a sink."""
    try:
        1 / 0
    except* ZeroDivisionError as group:
        return group.exceptions[0].__traceback__
    return pair.zeros()
