# tries: an endless loop that starts again in finally
# verdict: timed out or refused
def again():
    while True:
        try:
            while True:
                pass
        finally:
            continue


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    again()
    return pair.zeros()
