# tries: NameError.name and suggestions
# verdict: refused or raised or ok
def attend(query, key, pair):
    """Commas are resting places."""
    try:
        undefined_name_here
    except NameError as error:
        return pair.zeros() + len(error.name)
    return pair.zeros()
