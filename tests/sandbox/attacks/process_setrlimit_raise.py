# tries: lifts the worker's own soft limits, then writes a file
# verdict: refused
# contained: file
import resource


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    for limit in (resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE, resource.RLIMIT_AS, resource.RLIMIT_CPU):
        soft, hard = resource.getrlimit(limit)
        resource.setrlimit(limit, (hard, hard))
    open("@CANARY@", "w").write("here")
    return pair.zeros()
