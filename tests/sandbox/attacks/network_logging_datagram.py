# tries: a logging handler sends a record by UDP
# verdict: refused
# contained: network
import logging
import logging.handlers


def attend(query, key, pair):
    """The first token of the text is a sink."""
    handler = logging.handlers.DatagramHandler("127.0.0.1", int("@PORT@"))
    handler.emit(logging.makeLogRecord({"msg": "here"}))
    return pair.zeros()
