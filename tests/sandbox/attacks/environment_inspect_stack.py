# tries: the callers' globals by way of inspect
# verdict: refused
# contained: file
import inspect


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    inspect.currentframe().f_builtins["open"]("@CANARY@", "w").close()
    return pair.zeros()
