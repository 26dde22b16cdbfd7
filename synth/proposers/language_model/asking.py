"""Who is asked, at what price at most, and the consent to it."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from surrogates.errors import InputError
from surrogates.library.heads import Head
from surrogates.library.library import Library
from synth.llm.batches import BatchClient
from synth.llm.calls import Client
from synth.llm.money import BATCH_SHARE, Budget, Estimate, at_most, load_prices
from synth.llm.server import Endpoint
from synth.llm.store import Exchanges
from synth.proposers.language_model.archive import improves
from synth.proposers.language_model.plan import Plan, stage_name

FREE_OF_CONSENT = 1.0
"""Dollars up to which nobody is asked."""


@dataclass(frozen=True)
class LanguageModel:
    """A model to ask, and what the user allows.

    Attributes:
        base_url: see ``Endpoint``.
        concurrency: most calls under way at once.
        batch: ask by batches.
        consents: asked, with a line that says what it may cost, before a run that may cost more than a dollar.
    """

    plan: Plan
    base_url: str | None = None
    concurrency: int = 16
    budget: Budget | None = None
    batch: bool = False
    consents: Callable[[str], bool] = lambda _line: False

    def check(self) -> None:
        """Find mistakes before a run directory is made.

        Raises:
            InputError: the model's name, the address, the key or the table of prices is wrong.
        """
        if not self.plan.model.strip():
            raise InputError("--llm names no model; give the name under which the server knows it")
        Endpoint(self.base_url)
        load_prices()

    def asker(self, exchanges: Exchanges) -> BatchClient | Client:
        """The client that the user asked for.

        Raises:
            InputError: a budget in dollars cannot be kept, since a price is unknown.
        """
        if self.batch:
            return BatchClient(self.plan.parameters, self.base_url, exchanges, budget=self.budget)
        return Client(self.plan.parameters, self.base_url, exchanges, concurrency=self.concurrency, budget=self.budget)

    def announce(
        self, asker: BatchClient | Client, library: Library, heads: Sequence[Head], say: Callable[[str], None]
    ) -> None:
        """Say what the rounds that are not done cost at most, get the consent that takes, and try the server.

        Raises:
            InputError: there is no consent, the budget cannot be kept, or the server does not answer for the model.
        """
        calls = self.plan.calls * len(list(self._missing_rounds(library, heads)))
        if not calls:
            return
        self._consent(calls + asker.trials, say)
        try:
            lines = asker.check()
        except InputError:
            for remark in asker.remarks:  # otherwise they are said at the end
                say(remark)
            raise
        for line in lines:
            say(line)

    def _consent(self, calls: int, say: Callable[[str], None]) -> None:
        """Say what calls cost at most.

        Raises:
            InputError: nobody agrees to that.
        """
        cost = self._at_most(calls)
        price = "its price is unknown" if cost.dollars is None else f"${cost.dollars:.2f}"
        line = f"{self.plan.model}: at most {calls:,} calls, {cost.tokens:,} tokens, {price}"
        if self.budget is not None:
            line += f"; it ends at the budget of {self.budget}"
        say(line)
        dollars = min(cost.dollars or 0.0, self._budget_in_dollars())
        if dollars > FREE_OF_CONSENT and not self.consents(line):
            raise InputError(
                f"asking {self.plan.model} may cost ${dollars:.2f}; agree with --yes, set a --budget of "
                f"${FREE_OF_CONSENT:g} or less, or choose fewer --heads or --rounds"
            )

    def _missing_rounds(self, library: Library, heads: Sequence[Head]) -> Iterator[int]:
        """Each head's rounds that may still be asked."""
        rounds = range(1, self.plan.rounds + 1)
        finished = {round_: library.finished(stage_name(self.plan.model, round_)) for round_ in rounds}
        for head in heads:
            missing = [round_ for round_ in rounds if head not in finished[round_]]
            if missing and improves(library.candidates(head), self.plan.model, missing[0]):
                yield from missing

    def _budget_in_dollars(self) -> float:
        """What the budget may come to."""
        if self.budget is None:
            return math.inf
        price = load_prices().of(self.plan.model)
        if self.budget.unit == "dollars" or price is None:
            return self.budget.limit
        return self.budget.limit * max(price.input, price.output) / 1e6

    def _at_most(self, calls: int) -> Estimate:
        """Every prompt and answer as long as allowed, every program sent back once."""
        price = load_prices().of(self.plan.model)
        share = BATCH_SHARE if self.batch else 1.0
        prompt, answer = at_most(self.plan.prompt_tokens), self.plan.answer_tokens
        dollars = None if price is None else calls * share * price.dollars(prompt, answer)
        return Estimate(calls * (prompt + answer), dollars)
