"""A limit on what a run may spend, in dollars or tokens, that is never passed: the worst case is set aside first."""

import re
from dataclasses import dataclass
from typing import Literal

from prompts.messages import estimate_prompt
from sandbox.plain_text import one_line
from surrogates.errors import InputError
from synth.llm.prices import PRICES_VARIABLE, Price, Prices
from synth.llm.store import Ask, Exchange, Exchanges, Parameters

_DOLLARS = re.compile(r"\$?(\d{1,15}(?:\.\d{1,15})?)")  # with more digits it need not be finite
_TOKENS = re.compile(r"(\d{1,15}(?:\.\d{1,15})?)([km]?)tok(?:en)?s?", re.IGNORECASE)
_THOUSANDS = {"": 1, "k": 1_000, "m": 1_000_000}


@dataclass(frozen=True)
class Budget:
    """The most a run may spend, what its earlier calls cost included.

    Attributes:
        limit: dollars, or tokens read and written together.
    """

    limit: float
    unit: Literal["dollars", "tokens"]

    @classmethod
    def parse(cls, text: str) -> "Budget":
        """Read ``2.50`` or ``$2.50`` as dollars; ``200000tokens``, ``200ktok`` or ``1.5mtok`` as tokens.

        Raises:
            InputError: the text is neither.
        """
        plain = text.strip()
        if dollars := _DOLLARS.fullmatch(plain):
            return cls(float(dollars[1]), "dollars")
        if tokens := _TOKENS.fullmatch(plain):
            return cls(round(float(tokens[1]) * _THOUSANDS[tokens[2].lower()]), "tokens")
        raise InputError(
            f"{one_line(text)!r} is no budget; write dollars as 2.50, or tokens as 200000tokens or 200ktok"
        )

    def __str__(self) -> str:
        return f"${self.limit:.2f}" if self.unit == "dollars" else f"{self.limit:,.0f} tokens"


@dataclass(frozen=True)
class Estimate:
    """What calls cost at worst: tokens read and written, and dollars where the model's price is known."""

    tokens: int
    dollars: float | None


def worst_case(ask: Ask, parameters: Parameters, price: Price | None) -> Estimate:
    """A call whose answer takes all the tokens it may."""
    prompt = estimate_prompt(ask.messages)
    dollars = price.dollars(prompt, parameters.answer_tokens) if price else None
    return Estimate(prompt + parameters.answer_tokens, dollars)


class Ledger:
    """What is spent and what is set aside for calls under way.

    Calls that ended without an answer stay set aside until the ledger is dropped: they may have been billed.

    Raises:
        InputError: the budget is in dollars, and a price that it needs is unknown.
    """

    def __init__(self, budget: Budget | None, model: str, prices: Prices, exchanges: Exchanges) -> None:
        self._budget = budget
        self._reserved = 0.0
        self._spent = 0.0
        if budget is None:
            return
        totals = exchanges.totals()
        if budget.unit == "tokens":
            self._spent = totals.tokens
            return
        if prices.of(model) is None:
            raise _unpriced(model)
        self._spent = totals.dollars
        for earlier, prompt_tokens, answer_tokens in exchanges.unpriced():
            price = prices.of(earlier)
            if price is None:
                raise _unpriced(earlier)
            self._spent += price.dollars(prompt_tokens, answer_tokens)

    def fits(self, worst: Estimate) -> bool:
        """Whether a call could be sent now without passing the budget."""
        return self._budget is None or self._spent + self._reserved + self._amount(worst) <= self._budget.limit

    def reserve(self, worst: Estimate) -> None:
        self._reserved += self._amount(worst)

    def settle(self, worst: Estimate, exchange: Exchange) -> None:
        """Replace what was set aside for a call by what it cost."""
        self.release(worst)
        self._spent += self._amount(Estimate(exchange.prompt_tokens + exchange.answer_tokens, exchange.dollars))

    def release(self, worst: Estimate) -> None:
        """A call that the server did not take up costs nothing."""
        self._reserved -= self._amount(worst)

    def _amount(self, cost: Estimate) -> float:
        if self._budget is None:
            return 0.0
        return cost.tokens if self._budget.unit == "tokens" else cost.dollars or 0.0


def _unpriced(model: str) -> InputError:
    return InputError(
        f"the price of {model} is unknown, so a budget in dollars cannot be kept; give its price in a file that "
        f"${PRICES_VARIABLE} names, or give the budget in tokens, such as 200ktok"
    )
