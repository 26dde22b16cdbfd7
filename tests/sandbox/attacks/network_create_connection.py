# tries: socket.create_connection, imported inside the function
# verdict: refused
# contained: network
def attend(query, key, pair):
    """All visible tokens count alike."""
    from socket import create_connection
    with create_connection(("127.0.0.1", int("@PORT@")), timeout=2) as s:
        s.sendall(b"here")
    return pair.zeros()
