# tries: gi_frame of a generator leads to builtins
# verdict: refused
# contained: file
def attend(query, key, pair):
    """Tokens attend within their sentence."""
    g = (x for x in [1])
    g.gi_frame.f_builtins["open"]("@CANARY@", "w").close()
    return pair.zeros()
