# tries: the capsule of an array
# verdict: refused
def attend(query, key, pair):
    """Names are attended to by pronouns."""
    capsule = key.is_comma.__array_struct__
    return [capsule]
