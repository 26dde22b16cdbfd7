# tries: passes a connected descriptor over a socket pair and uses the copy
# verdict: refused
# contained: network
import socket


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    a, b = socket.socketpair()
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    socket.send_fds(a, [b"x"], [s.fileno()])
    data, fds, flags, address = socket.recv_fds(b, 1, 1)
    socket.socket(fileno=fds[0]).sendto(b"here", ("127.0.0.1", int("@PORT@")))
    return pair.zeros()
