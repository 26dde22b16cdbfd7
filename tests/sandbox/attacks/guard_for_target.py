# tries: a loop variable called _getitem_
# verdict: refused
def attend(query, key, pair):
    """The first token of the text is a sink."""
    for _getitem_ in [lambda thing, place: 5]:
        x = query.text[0]
    return pair.zeros()
