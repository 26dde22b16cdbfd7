# tries: CVE-2023-37271: f_back of a running generator's frame
# verdict: refused
# contained: file
def attend(query, key, pair):
    """Names are attended to by pronouns."""
    def walk():
        yield g.gi_frame.f_back.f_builtins["open"]


    g = walk()
    for f in g:
        f("@CANARY@", "w").close()
    return pair.zeros()
