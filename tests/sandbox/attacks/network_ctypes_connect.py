# tries: socket and connect of the C library through ctypes
# verdict: refused
# contained: network
import ctypes
import struct


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    libc = ctypes.CDLL(None)
    address = struct.pack("<H", 2) + struct.pack(">H", int("@PORT@")) + bytes([127, 0, 0, 1]) + bytes(8)
    fd = libc.socket(2, 1, 0)
    libc.connect(fd, address, 16)
    libc.send(fd, b"here", 4, 0)
    return pair.zeros()
