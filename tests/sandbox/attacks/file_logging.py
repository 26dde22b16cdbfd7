# tries: logging to a file
# verdict: refused
# contained: file
import logging


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    logging.FileHandler("@CANARY@").close()
    return pair.zeros()
