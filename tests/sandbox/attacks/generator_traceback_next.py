# tries: tb_next into the library's own frames
# verdict: refused
import numpy as np


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    try:
        np.zeros(-1)
    except ValueError as error:
        t = error.__traceback__
        while t.tb_next:
            t = t.tb_next
        t.tb_frame.f_globals.clear()
    return pair.zeros()
