# tries: a file in memory, copied out with sendfile
# verdict: refused
# contained: file
import os


def attend(query, key, pair):
    """Commas are resting places."""
    m = os.memfd_create("m")
    os.write(m, b"here")
    out = os.open("@CANARY@", os.O_WRONLY | os.O_CREAT, 0o600)
    os.sendfile(out, m, 0, 4)
    return pair.zeros()
