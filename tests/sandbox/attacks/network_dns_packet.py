# tries: a hand-made DNS question
# verdict: refused
# contained: network
import socket


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    question = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04here\x00\x00\x01\x00\x01"
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(question, ("127.0.0.1", int("@PORT@")))
    return pair.zeros()
