# tries: a structured dtype with an object field
# verdict: raised or wrong shape or refused
import numpy as np


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    return np.zeros((len(query), len(query)), dtype=[("a", "f8"), ("b", "O")])
