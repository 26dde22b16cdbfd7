# tries: __set_name__ of a descriptor
# verdict: refused
# contained: file
class Field:
    def __set_name__(self, owner, name):
        open("@CANARY@", "w").close()


class Owner:
    field = Field()


def attend(query, key, pair):
    """Commas are resting places."""
    return pair.zeros()
