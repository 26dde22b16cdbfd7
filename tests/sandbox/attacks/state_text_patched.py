# tries: the class that hands features out is replaced
# verdict: refused
def attend(query, key, pair):
    """x"""
    import sys
    worker = sys.modules['sandbox.worker']
    worker.Text.views = lambda self: (None, None, None)
    return 0
