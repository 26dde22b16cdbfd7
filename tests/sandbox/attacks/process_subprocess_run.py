# tries: subprocess.run
# verdict: refused
# contained: process
import subprocess


def attend(query, key, pair):
    """Commas are resting places."""
    subprocess.run(["touch", "@CANARY@"], check=False)
    return pair.zeros()
