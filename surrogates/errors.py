"""The one error a user is meant to read."""


class InputError(ValueError):
    """Something the user gave is wrong.

    The message is one line: what is wrong, then what to do. The command line prints it and exits with code 2.
    """
