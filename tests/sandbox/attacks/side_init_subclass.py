# tries: __init_subclass__ runs code
# verdict: refused
# contained: file
class Base:
    def __init_subclass__(cls):
        open("@CANARY@", "w").close()


class Below(Base):
    pass


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    return pair.zeros()
