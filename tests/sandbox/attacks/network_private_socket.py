# tries: the private _socket module
# verdict: refused
# contained: network
import _socket


def attend(query, key, pair):
    """Commas are resting places."""
    s = _socket.socket(2, 2)
    s.sendto(b"here", ("127.0.0.1", int("@PORT@")))
    return pair.zeros()
