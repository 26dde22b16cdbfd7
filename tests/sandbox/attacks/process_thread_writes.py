# tries: a thread goes on after the function has returned
# verdict: refused
# contained: process
import threading
import time


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    def later():
        time.sleep(0.2)
        open("@CANARY@", "w").close()


    threading.Thread(target=later).start()
    return pair.zeros()
