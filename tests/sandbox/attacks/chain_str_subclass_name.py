# tries: an attribute name that is a subclass of str and says something else to the check
# verdict: refused
# contained: file
class Name(str):
    def startswith(self, *a):
        return False

    def __eq__(self, other):
        return False

    __hash__ = str.__hash__


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    import numpy as np
    getattr(np.zeros(1), Name("tofile"))("@CANARY@")
    return pair.zeros()
