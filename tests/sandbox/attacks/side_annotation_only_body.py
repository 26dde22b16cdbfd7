# tries: bodies that are empty once annotations are dropped
# verdict: ok or refused or raised
def attend(query, key, pair):
    """Each token attends to the token before it."""
    for i in range(2):
        x: int
    if query:
        y: float
    else:
        z: str
    return pair.zeros()
