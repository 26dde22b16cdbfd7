# tries: sqlite3 makes a database
# verdict: refused
# contained: file
import sqlite3


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    base = sqlite3.connect("@CANARY@")
    base.execute("create table t (x)")
    base.commit()
    return pair.zeros()
