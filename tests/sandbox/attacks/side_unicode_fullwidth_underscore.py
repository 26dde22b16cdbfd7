# tries: an underscore in its fullwidth form
# verdict: refused
def attend(query, key, pair):
    """Commas are resting places."""
    n = len(query)
    return query._＿class_＿
