# tries: an attribute name that is a subclass of str and says something else to the check
# verdict: refused
# contained: file
class Name(str):
    def startswith(self, *a):
        return False

    def __contains__(self, part):
        return False

    def lower(self):
        return "shape"


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    import numpy as np
    getattr(np.zeros(1), Name("tofile"))("@CANARY@")
    return pair.zeros()
