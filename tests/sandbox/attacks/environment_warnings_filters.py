# tries: changes the warning filters of the process
# verdict: refused
import warnings


def attend(query, key, pair):
    """Commas are resting places."""
    warnings.filterwarnings("error")
    return pair.zeros()
