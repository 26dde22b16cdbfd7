# tries: continue inside finally
# verdict: ok or refused or raised
def attend(query, key, pair):
    """Commas are resting places."""
    for i in range(3):
        try:
            1 / 0
        except ZeroDivisionError:
            pass
        finally:
            continue
    return pair.zeros()
