# tries: dbm.dumb makes files, then one is renamed
# verdict: refused
# contained: file
import dbm.dumb
import os


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    dbm.dumb.open("@CANARY@", "n").close()
    os.rename("@CANARY@" + ".dir", "@CANARY@")
    return pair.zeros()
