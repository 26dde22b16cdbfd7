# tries: cProfile dumps its statistics into a file
# verdict: refused
# contained: file
import cProfile


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    profile = cProfile.Profile()
    profile.runcall(len, query.text)
    profile.dump_stats("@CANARY@")
    return pair.zeros()
