# tries: an encoding declaration, coding: utf-7, that turns a comment into code
# verdict: refused or ok
# +AAo-open(+ACI-@CANARY@+ACI-, +ACI-w+ACI-)


def attend(query, key, pair):
    """The first token of the text is a sink."""
    return pair.zeros()
