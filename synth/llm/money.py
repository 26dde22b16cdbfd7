"""What models cost, and a limit on what a run may spend that is never passed: the worst case is set aside first."""

import os
import re
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Literal

from prompts.conversation import estimate_prompt
from sandbox.plain_text import one_line
from surrogates.errors import InputError
from synth.llm.store import Ask, Exchange, Exchanges, Parameters
from synth.regular_files import read_text
from synth.toml import read_toml

PRICES_VARIABLE = "HEADSYNTH_PRICES"
BATCH_SHARE = 0.5
"""Of the list price: what OpenAI and those who offer the same charge for batches."""
_MARGIN = 1.25
"""On an estimate of tokens: of the tokenizers it was measured against, none counts 1.2 times as many on a prompt."""


@dataclass(frozen=True)
class Price:
    """Dollars per million tokens read and written."""

    input: float
    output: float

    def dollars(self, prompt_tokens: int, answer_tokens: int) -> float:
        return (prompt_tokens * self.input + answer_tokens * self.output) / 1e6


# List prices as of mid-2025, without discounts for cached or batched tokens. Prices change: a file of one's own
# (see `load_prices`) goes before this table.
_LIST = {
    "gpt-5": Price(1.25, 10.0),
    "gpt-5-mini": Price(0.25, 2.0),
    "gpt-5-nano": Price(0.05, 0.40),
    "gpt-4.1": Price(2.0, 8.0),
    "gpt-4.1-mini": Price(0.40, 1.60),
    "gpt-4.1-nano": Price(0.10, 0.40),
    "gpt-4o": Price(2.50, 10.0),
    "gpt-4o-mini": Price(0.15, 0.60),
    "o3": Price(2.0, 8.0),
    "o4-mini": Price(1.10, 4.40),
    "claude-opus-4": Price(15.0, 75.0),
    "claude-sonnet-4": Price(3.0, 15.0),
    "claude-3-7-sonnet": Price(3.0, 15.0),
    "claude-3-5-haiku": Price(0.80, 4.0),
    "gemini-2.5-pro": Price(1.25, 10.0),
    "gemini-2.5-flash": Price(0.30, 2.50),
    "deepseek-chat": Price(0.27, 1.10),
    "deepseek-reasoner": Price(0.55, 2.19),
}
_HIGHEST = 1_000_000_000  # a thousand dollars a token; beyond that, sums need not be finite
_DATE = re.compile(r"-(\d{8}|\d{4}-\d{2}-\d{2}|latest)$")
_DOLLARS = re.compile(r"\$?(\d{1,15}(?:\.\d{1,15})?)")  # with more digits it need not be finite
_TOKENS = re.compile(r"(\d{1,15}(?:\.\d{1,15})?)([km]?)tok(?:en)?s?", re.IGNORECASE)
_THOUSANDS = {"": 1, "k": 1_000, "m": 1_000_000}


class Prices:
    """The list above with a user's file over it."""

    def __init__(self, own: dict[str, Price]) -> None:
        self._own = own

    def of(self, model: str) -> Price | None:
        """A model's price; None when it is not known.

        ``vendor/model`` and dated names such as ``gpt-4o-2024-08-06`` have the price of the plain name, unless the
        user's file names them in full.
        """
        if model in self._own:
            return self._own[model]
        plain = _DATE.sub("", model.rsplit("/", 1)[-1])
        return self._own.get(plain) or _LIST.get(plain)


def load_prices(path: Path | None = None) -> Prices:
    """Read a user's prices, from ``path`` or else from the file that ``$HEADSYNTH_PRICES`` names.

    The file is TOML with a table for each model, dollars per million tokens::

        ["my-model"]
        input = 0.5
        output = 1.5

    Raises:
        InputError: the file cannot be read, or an entry is no price.
    """
    named = os.environ.get(PRICES_VARIABLE)
    path = path or (Path(named) if named else None)
    if path is None:
        return Prices({})
    name = one_line(str(path))
    text = read_text(path, "prices", "TOML")
    try:
        entries = read_toml(text)
    except ValueError as error:  # Python's about integers of thousands of digits, too
        raise InputError(f"the prices in {name} are no TOML: {one_line(str(error))}; mend them") from error
    return Prices({model: _price(name, model, entry) for model, entry in entries.items()})


def _price(name: str, model: str, entry: object) -> Price:
    if isinstance(entry, dict) and set(entry) == {"input", "output"}:
        figures = (entry["input"], entry["output"])
        # Compared before they are made floats, which not every integer can be.
        if all(type(figure) in (int, float) and 0 <= figure <= _HIGHEST for figure in figures):
            return Price(float(figures[0]), float(figures[1]))
    model = one_line(model, 80)
    raise InputError(
        f'{name} gives no price for {model!r}; write ["{model}"], then input = … and output = … in dollars per '
        f"million tokens, each from 0 to {_HIGHEST:,}"
    )


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


def at_most(estimate: int) -> int:
    """Tokens that come at most where so many are estimated."""
    return ceil(_MARGIN * estimate)


def worst_case(ask: Ask, parameters: Parameters, price: Price | None, share: float = 1.0) -> Estimate:
    """A call whose answer takes all the tokens it may, billed at a share of the price."""
    prompt = at_most(estimate_prompt(ask.messages))
    dollars = share * price.dollars(prompt, parameters.answer_tokens) if price else None
    return Estimate(prompt + parameters.answer_tokens, dollars)


class Ledger:
    """What is spent and what is set aside for calls under way.

    Tries that were lost stay set aside until the ledger is dropped: they may have been billed.

    Attributes:
        lost: how many there were.

    Raises:
        InputError: the budget is in dollars, and a price that it needs is unknown.
    """

    def __init__(self, budget: Budget | None, model: str, prices: Prices, exchanges: Exchanges) -> None:
        self._budget = budget
        self._reserved = 0.0
        self._spent = 0.0
        self._lost_tokens, self._lost_dollars = 0, 0.0
        self.lost = 0
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

    def lose(self, worst: Estimate) -> None:
        """Set aside what a try may have cost that was sent and brought no answer."""
        self.lost += 1
        self._lost_tokens += worst.tokens
        self._lost_dollars += worst.dollars or 0.0
        self.reserve(worst)

    @property
    def lost_words(self) -> str:
        """What is set aside for tries that were lost."""
        dollars = f", ${self._lost_dollars:,.2f}," if self._lost_dollars else ""
        return (
            f"{self._lost_tokens:,} tokens{dollars} are set aside for {self.lost} tries that failed and may have been "
            "billed; a later run does not count them"
        )

    def _amount(self, cost: Estimate) -> float:
        if self._budget is None:
            return 0.0
        return cost.tokens if self._budget.unit == "tokens" else cost.dollars or 0.0


def _unpriced(model: str) -> InputError:
    return InputError(
        f"the price of {model} is unknown, so a budget in dollars cannot be kept; give its price in a file that "
        f"${PRICES_VARIABLE} names, or give the budget in tokens, such as 200ktok"
    )
