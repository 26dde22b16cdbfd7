# tries: func_globals and func_code, as older versions had them
# verdict: refused
def attend(query, key, pair):
    """All visible tokens count alike."""
    n = len(query)
    return attend.func_globals
