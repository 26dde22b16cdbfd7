# tries: a context manager of its own that runs code on leaving
# verdict: refused
# contained: file
class Leave:
    def __enter__(self):
        return self

    def __exit__(self, *a):
        open("@CANARY@", "w").close()


def attend(query, key, pair):
    """All visible tokens count alike."""
    with Leave():
        pass
    return pair.zeros()
