# tries: a TCP connection
# verdict: refused
# contained: network
import socket


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    s.settimeout(2)
    s.connect(("127.0.0.1", int("@PORT@")))
    s.sendall(b"here")
    s.close()
    return pair.zeros()
