# tries: resolves the loopback name, then connects to what it got
# verdict: refused
# contained: network
import socket


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    for family, kind, proto, name, address in socket.getaddrinfo("localhost", int("@PORT@"), socket.AF_INET, socket.SOCK_DGRAM):
        socket.socket(family, kind, proto).sendto(b"here", address)
    return pair.zeros()
