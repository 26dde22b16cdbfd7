# tries: dunder names as keywords of dict
# verdict: refused or raised or ok
def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    d = dict(__class__=1, __builtins__=2)
    return pair.zeros() + d["__class__"]
