# tries: IPv4 by way of a mapped IPv6 address
# verdict: refused
# contained: network
import socket


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.sendto(b"here", ("::ffff:127.0.0.1", int("@PORT@")))
    return pair.zeros()
