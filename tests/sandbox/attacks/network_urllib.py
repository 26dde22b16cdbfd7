# tries: urllib.request.urlopen
# verdict: refused
# contained: network
from urllib.request import urlopen


def attend(query, key, pair):
    """The first token of the text is a sink."""
    urlopen("http://127.0.0.1:@PORT@/here", timeout=1)
    return pair.zeros()
