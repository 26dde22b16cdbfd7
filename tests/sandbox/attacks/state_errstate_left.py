# tries: np.errstate entered at the end of the stack, so that leaving it fails
# verdict: ok or raised or timed out
def attend(query, key, pair):
    """x"""
    def deep(n):
        try:
            deep(n + 1)
        except RuntimeError:
            pass
        with np.errstate(all='raise'):
            deep(n)
    try:
        deep(0)
    except RuntimeError:
        pass
    return np.log(pair.zeros())
