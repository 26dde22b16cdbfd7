# tries: the expression after except has an effect
# verdict: refused or raised
# contained: file
def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    try:
        1 / 0
    except (open("@CANARY@", "w") and ZeroDivisionError):
        pass
    return pair.zeros()
