# tries: binds a unix socket, which makes a file
# verdict: refused
# contained: file
import socket


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).bind("@CANARY@")
    return pair.zeros()
