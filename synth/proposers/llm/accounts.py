"""What a language model was asked, what it cost and what came of it, from what the library and the answers say."""

from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass

from sandbox.verdicts import Verdict
from surrogates.heads import Head
from surrogates.library import Candidate, Library, Unusable
from synth.proposers.llm.exchanges import Exchange, Exchanges


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
    """Of some heads, or of one.

    Attributes:
        calls: answers that were stored and used.
        verdicts: how the candidates from them ended; a program that runs is two, fitted for IoU and for cross-entropy.
        unusable: questions without an answer and parts of answers without a program, by kind.
    """

    calls: int
    cost: Cost
    verdicts: dict[Verdict, int]
    unusable: dict[str, int]

    def __str__(self) -> str:
        ended = ", ".join(f"{count} {verdict}" for verdict, count in self.verdicts.items())
        without = ", ".join(f"{count} {kind}" for kind, count in self.unusable.items())
        parts = f"candidates: {ended or 'none'}; without a program: {without or 'none'}"
        return f"{self.calls:,} answers, {self.cost}; {parts}"


@dataclass(frozen=True)
class UsedAnswer:
    """An answer that held programs; ``call`` is its key."""

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

    def of(self, heads: Iterable[Head]) -> Account:
        """What was asked about some heads."""
        written: list[Candidate] = []
        unusable: list[Unusable] = []
        for head in heads:
            written += [candidate for candidate in self._library.candidates(head) if candidate.origin == "llm"]
            unusable += self._library.unusable(head)
        calls = {c.call for c in written} | {part.call for part in unusable}
        calls &= self._exchanges.keys()
        verdicts = Counter(candidate.verdict for candidate in written)
        return Account(
            calls=len(calls),
            cost=_sum(self._exchanges[call] for call in calls),
            verdicts={verdict: verdicts[verdict] for verdict in Verdict if verdicts[verdict]},
            unusable=dict(sorted(Counter(part.kind for part in unusable).items())),
        )

    def answers(self, head: Head) -> list[UsedAnswer]:
        """The answers about a head in which there were programs, in the order of their rounds."""
        found: dict[str, UsedAnswer] = {}
        for candidate in self._library.candidates(head):
            if exchange := self._exchanges.get(candidate.call):
                cost = _sum([exchange])
                found.setdefault(candidate.call, UsedAnswer(candidate.call, candidate.model, candidate.round, cost))
        return list(found.values())


def _sum(exchanges: Iterable[Exchange]) -> Cost:
    found = list(exchanges)
    prices = [exchange.dollars for exchange in found if exchange.dollars is not None]
    tokens = sum(exchange.prompt_tokens + exchange.answer_tokens for exchange in found)
    return Cost(tokens, sum(prices) if len(prices) == len(found) else None)
