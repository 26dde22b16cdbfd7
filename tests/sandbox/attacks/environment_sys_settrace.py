# tries: installs a trace function that sees later programs
# verdict: refused
import sys


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    sys.settrace(lambda frame, event, argument: None)
    sys.setprofile(lambda frame, event, argument: None)
    return pair.zeros()
