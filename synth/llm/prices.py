"""What models cost, in dollars per million tokens."""

import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from sandbox.plain_text import one_line
from surrogates.errors import InputError
from synth.regular_files import read_text

PRICES_VARIABLE = "HEADSYNTH_PRICES"


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
        entries = tomllib.loads(text)
    except RecursionError as error:
        raise InputError(f"the prices in {name} are nested too deep; write a table for each model") from error
    except ValueError as error:  # TOML's own, and Python's about integers of thousands of digits
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
