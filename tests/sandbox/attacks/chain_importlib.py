# tries: importlib.import_module
# verdict: refused
# contained: file
import importlib


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    importlib.import_module("posix").mkdir("@CANARY@")
    return pair.zeros()
