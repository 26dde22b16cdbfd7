# tries: a UDP packet
# verdict: refused
# contained: network
import socket


def attend(query, key, pair):
    """Each token attends to the token before it."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.sendto(b"here", ("127.0.0.1", int("@PORT@")))
    return pair.zeros()
