# tries: harmless looking attributes of numbers and arrays (real, imag, T, base, flat)
# verdict: refused or raised or ok
def attend(query, key, pair):
    """Names are attended to by pronouns."""
    a = key.is_comma.base
    b = (1.5).real.imag
    return pair.zeros() + b
