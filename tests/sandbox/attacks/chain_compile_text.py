# tries: compile and exec under other names
# verdict: refused or raised
# contained: file
def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    c, e = compile, exec
    e(c("open('@CANARY@', 'w')", "<x>", "exec"))
    return pair.zeros()
