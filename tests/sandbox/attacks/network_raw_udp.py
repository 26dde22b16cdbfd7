# tries: a raw socket with a hand-made UDP header
# verdict: refused
# contained: network
import socket
import struct


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
    s.sendto(struct.pack("!HHHH", 40000, int("@PORT@"), 12, 0) + b"here", ("127.0.0.1", 0))
    return pair.zeros()
