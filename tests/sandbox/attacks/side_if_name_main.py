# tries: the guard for scripts
# verdict: refused or ok
def attend(query, key, pair):
    """Each token attends to the token before it."""
    return pair.zeros()


if __name__ == "__main__":
    open("@CANARY@", "w").close()
