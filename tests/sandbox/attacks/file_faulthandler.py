# tries: faulthandler dumps a traceback into a file
# verdict: refused
# contained: file
import faulthandler


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    faulthandler.dump_traceback(open("@CANARY@", "w"))
    return pair.zeros()
