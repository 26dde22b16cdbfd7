# tries: calls the guard of augmented assignments
# verdict: refused
def attend(query, key, pair):
    """Names are attended to by pronouns."""
    n = len(query)
    x = _inplacevar_("+=", key.is_comma, 1)
    return x
