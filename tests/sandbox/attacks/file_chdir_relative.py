# tries: changes the working folder and writes under a relative name
# verdict: refused
# contained: file
import os


def attend(query, key, pair):
    """Commas are resting places."""
    os.chdir(os.path.dirname("@CANARY@"))
    open(os.path.basename("@CANARY@"), "w").close()
    return pair.zeros()
