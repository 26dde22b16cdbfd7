# tries: imports the worker's own main module
# verdict: refused
import __main__


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    for name in dir(__main__):
        setattr(__main__, name, None)
    return pair.zeros()
