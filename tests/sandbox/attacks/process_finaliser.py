# tries: an object's finaliser that fires after the call
# verdict: refused
# contained: process
class Late:
    def __del__(self):
        open("@CANARY@", "w").close()


def attend(query, key, pair):
    """Each token attends to the token before it."""
    late = Late()
    late.me = late
    return pair.zeros()
