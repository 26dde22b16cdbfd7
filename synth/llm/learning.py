"""What is learned of how a server takes questions, from its refusals and its answers, and kept with the run."""

from synth.llm.dialect import Dialect
from synth.llm.store import Exchanges


class Learner:
    """How a server takes questions to a model.

    Each way of taking them is turned to at most once, so that no server can make anybody ask in circles.

    Args:
        address: of the server, as it may be stored.
        start: what is tried where nothing is known.

    Attributes:
        dialect: what is known best.
        overran: answers that were longer than allowed.
    """

    def __init__(self, exchanges: Exchanges, address: str, model: str, start: Dialect) -> None:
        self._exchanges, self._address, self._model = exchanges, address, model
        known = exchanges.dialect(model, address)
        self._kept = known is not None
        self._before: Dialect | None = None  # what is supposed
        self._turned: set[tuple[str, object]] = set()
        self.dialect = known or start
        self.overran = 0

    def refused(self, used: Dialect, words: str) -> bool:
        """Whether a question that was refused with these words may be asked again in what is the dialect now."""
        return self._turn(used, used.after(words))

    def answered(self, used: Dialect, answer_tokens: int, most: int) -> None:
        """Note an answer; one of more tokens than it may have says that its limit was not understood."""
        if answer_tokens > most:
            self.overran += 1
            self._turn(used, used.overrun())
        elif not self._kept and used == self.dialect:
            self._keep()

    def suppose(self, dialect: Dialect) -> None:
        """Take a form for the one; the first answer in it is the proof, and nothing is kept before."""
        self._before, self.dialect, self._kept = self.dialect, dialect, False

    def take_back(self) -> None:
        """Forget what was supposed, and what was learned on top of it."""
        if self._before is not None:
            self.dialect, self._before = self._before, None

    def remarks(self, most: int) -> list[str]:
        """What is odd about the server's answers, which were to have so many tokens at most."""
        if not self.overran:
            return []
        return [
            f"{self.overran} answers were longer than the {most:,} tokens that {self._address} was told as their "
            "limit; they are stored, and count in full"
        ]

    def _turn(self, used: Dialect, wanted: Dialect) -> bool:
        changes = {(name, value) for name, value in vars(wanted).items() if value != getattr(used, name)}
        if not changes:
            return False
        ((name, value),) = changes
        if getattr(self.dialect, name) == value:
            return True  # another question's refusal was first
        if (name, value) in self._turned:
            return False
        self._turned.add((name, value))
        self.dialect = Dialect(**vars(self.dialect) | {name: value})
        if self._before is None:
            self._keep()
        return True

    def _keep(self) -> None:
        self._kept, self._before = True, None
        self._exchanges.keep_dialect(self._model, self._address, self.dialect)
