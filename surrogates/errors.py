"""The errors a user is meant to read."""


class InputError(ValueError):
    """Something the user gave is wrong.

    The message is one line: what is wrong, then what to do. The command line prints it and exits with code 2.
    """


class ProgramFailed(RuntimeError):  # noqa: N818 - a verdict, not a mistake of ours
    """A program ran and gave nothing usable: NaN or +inf in a visible cell, an arithmetic error, a feature not here."""
