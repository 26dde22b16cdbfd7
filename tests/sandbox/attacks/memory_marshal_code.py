# tries: makes a code object from bytes and runs it
# verdict: refused
# contained: file
import marshal


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    code = marshal.loads(marshal.dumps(compile("open('@CANARY@', 'w')", "x", "eval")))
    eval(code)
    return pair.zeros()
