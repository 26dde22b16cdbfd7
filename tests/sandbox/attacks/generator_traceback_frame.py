# tries: tb_frame of an exception's traceback
# verdict: refused
# contained: file
def attend(query, key, pair):
    """Tokens attend within their sentence."""
    try:
        1 / 0
    except ZeroDivisionError as error:
        error.__traceback__.tb_frame.f_builtins["open"]("@CANARY@", "w").close()
    return pair.zeros()
