# tries: else branches of loops and try
# verdict: ok or refused
def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    for x in query.text:
        pass
    else:
        x = 1
    while False:
        pass
    else:
        y = 2
    try:
        z = 3
    except ValueError:
        pass
    else:
        z = 4
    return pair.zeros() + z
