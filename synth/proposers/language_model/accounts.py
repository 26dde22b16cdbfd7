"""What a language model was asked, what it cost and what came of it, from what the library and the answers say."""

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass

from sandbox.verdicts import Verdict
from surrogates.library.candidates import Candidate, Unusable
from surrogates.library.heads import Head
from surrogates.library.library import Library
from synth.llm.store import Exchange, Exchanges


@dataclass(frozen=True)
class Cost:
    """Tokens read and written, and dollars; None where a price was unknown."""

    tokens: int
    dollars: float | None

    def __str__(self) -> str:
        tokens = f"{self.tokens:,} tokens"
        return tokens if self.dollars is None else f"${self.dollars:,.4f}, {tokens}"


@dataclass(frozen=True)
class Account:
    """Of a run, or of one of its heads.

    Attributes:
        calls: answers that were stored.
        verdicts: how the candidates from them ended; a program that runs is two, fitted for IoU and for cross-entropy.
        unusable: questions without an answer and parts of answers without a program, by kind.
    """

    calls: int
    cost: Cost
    verdicts: dict[Verdict, int]
    unusable: dict[str, int]

    def __str__(self) -> str:
        ended = ", ".join(f"{count} {verdict}" for verdict, count in self.verdicts.items())
        unused = ", ".join(f"{count} {kind}" for kind, count in self.unusable.items())
        parts = f"candidates: {ended or 'none'}; unused: {unused or 'none'}"
        return f"{self.calls:,} answers, {self.cost}; {parts}"


@dataclass(frozen=True)
class UsedAnswer:
    """An answer about a head; ``call`` is its key."""

    call: str
    model: str
    round: int
    cost: Cost


class Accounts:
    """Reads a run's accounts.

    Args:
        library: of the run, in which a language model proposed something.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        with closing(Exchanges(library.path)) as exchanges:
            self._exchanges = {exchange.key: exchange for exchange in exchanges.all()}

    def of_run(self) -> Account:
        """Of all heads, with all that was paid for, what was not used included."""
        return self._account(self._library.heads(), list(self._exchanges.values()))

    def of_head(self, head: Head) -> Account:
        """What was asked about one head."""
        return self._account([head], [self._exchanges[answer.call] for answer in self.answers(head)])

    def answers(self, head: Head) -> list[UsedAnswer]:
        """The answers about a head, in the order of their rounds."""
        used: list[Candidate | Unusable] = [*self._library.candidates(head), *self._library.unusable(head)]
        rounds = {found.call: found.round for found in used if found.call in self._exchanges}
        answers = [
            UsedAnswer(call, self._exchanges[call].model, round_, _sum([self._exchanges[call]]))
            for call, round_ in rounds.items()
        ]
        return sorted(answers, key=lambda answer: (answer.model, answer.round))

    def _account(self, heads: Iterable[Head], exchanges: list[Exchange]) -> Account:
        verdicts: Counter[Verdict] = Counter()
        unusable: Counter[str] = Counter()
        for head in heads:
            verdicts.update(c.verdict for c in self._library.candidates(head) if c.origin == "llm")
            unusable.update(part.kind for part in self._library.unusable(head))
        return Account(
            calls=len(exchanges),
            cost=_sum(exchanges),
            verdicts={verdict: verdicts[verdict] for verdict in Verdict if verdicts[verdict]},
            unusable=dict(sorted(unusable.items())),
        )


def _sum(exchanges: Sequence[Exchange]) -> Cost:
    prices = [exchange.dollars for exchange in exchanges if exchange.dollars is not None]
    tokens = sum(exchange.prompt_tokens + exchange.answer_tokens for exchange in exchanges)
    return Cost(tokens, sum(prices) if len(prices) == len(exchanges) else None)
