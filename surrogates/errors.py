"""The errors a user is meant to read."""

from sandbox.verdicts import Verdict


class InputError(ValueError):
    """Something the user gave is wrong.

    The message is one line: what is wrong, then what to do. The command line prints it and exits with code 2.
    """


class ProgramFailed(RuntimeError):  # noqa: N818 - a verdict, not a mistake of ours
    """A program gave nothing usable on a text.

    Attributes:
        verdict: how it ended: NaN or +inf in a visible cell, an error of its own, too much time or memory.
    """

    def __init__(self, message: str, verdict: Verdict = Verdict.RAISED) -> None:
        super().__init__(message)
        self.verdict = verdict

    def __reduce__(self) -> tuple[type["ProgramFailed"], tuple[str, Verdict]]:
        return ProgramFailed, (str(self), self.verdict)
