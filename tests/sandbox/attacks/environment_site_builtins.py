# tries: the printers that the site module adds (license, copyright, help)
# verdict: refused or raised
def attend(query, key, pair):
    """All visible tokens count alike."""
    license()
    help(query)
    return pair.zeros()
