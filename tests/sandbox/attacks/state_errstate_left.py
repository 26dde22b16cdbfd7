# tries: np.errstate entered at the end of the stack, so that leaving it fails
# verdict: ok or raised or timed out
def attend(query, key, pair):
    """x"""
    def deep(n):
        if n:
            try:
                deep(n - 1)
            except RuntimeError:
                pass
        with np.errstate(all='raise'):
            return np.log(1.0)
    deep(3000)
    return np.log(pair.zeros() + 1)
