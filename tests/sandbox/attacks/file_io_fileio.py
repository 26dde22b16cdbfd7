# tries: io.FileIO
# verdict: refused
# contained: file
import io


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    io.FileIO("@CANARY@", "w").write(b"here")
    return pair.zeros()
