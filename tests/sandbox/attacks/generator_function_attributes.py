# tries: func_globals and func_code, as older versions had them
# verdict: refused
def attend(query, key, pair):
    """All visible tokens count alike."""
    return attend.func_globals
