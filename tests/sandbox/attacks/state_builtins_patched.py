# tries: a builtin is replaced
# verdict: refused
def attend(query, key, pair):
    """x"""
    import builtins
    builtins.len = lambda x: 3
    return 0
