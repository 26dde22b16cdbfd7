# tries: f-strings in f-strings with effects at the bottom
# verdict: refused or raised
def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    text = f"{f'{f"{open}"}'}" if False else f"{f'{open}'}"
    return pair.zeros()
