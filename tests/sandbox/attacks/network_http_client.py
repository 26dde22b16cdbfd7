# tries: http.client sends a request
# verdict: refused
# contained: network
import http.client


def attend(query, key, pair):
    """Each token attends to the token before it."""
    c = http.client.HTTPConnection("127.0.0.1", int("@PORT@"), timeout=1)
    c.request("GET", "/here")
    return pair.zeros()
