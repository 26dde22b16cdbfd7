# tries: xmlrpc.client calls
# verdict: refused
# contained: network
import xmlrpc.client


def attend(query, key, pair):
    """Commas are resting places."""
    try:
        xmlrpc.client.ServerProxy("http://127.0.0.1:@PORT@").here()
    except Exception:
        pass
    return pair.zeros()
