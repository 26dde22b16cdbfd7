# tries: super() and object()
# verdict: refused or raised
def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    n = len(query)
    s = super(type(query), query)
    return s.__class__
