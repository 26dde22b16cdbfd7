# tries: pathlib.Path.write_text
# verdict: refused
# contained: file
from pathlib import Path


def attend(query, key, pair):
    """Commas are resting places."""
    Path("@CANARY@").write_text("here")
    return pair.zeros()
