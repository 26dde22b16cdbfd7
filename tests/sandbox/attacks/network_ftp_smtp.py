# tries: smtplib connects
# verdict: refused
# contained: network
import smtplib


def attend(query, key, pair):
    """Each token attends to the token before it."""
    smtplib.SMTP("127.0.0.1", int("@PORT@"), timeout=1)
    return pair.zeros()
