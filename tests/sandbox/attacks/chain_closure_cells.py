# tries: reads the closure of a function
# verdict: refused
def attend(query, key, pair):
    """Tokens attend within their sentence."""
    f = pair.offset.__closure__
    return [cell.cell_contents for cell in f or ()]
