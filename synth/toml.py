"""TOML that somebody wrote, in time that its length bounds."""

import tomllib
from typing import Any

_LONGEST = 200_000
_MOST_DOTS = 500
"""In one line. Reading a key takes time that grows with the square of the names in it, which dots part; a key may not
span lines."""


def read_toml(text: str) -> dict[str, Any]:
    """What a text says.

    Raises:
        ValueError: it is no TOML, or longer or deeper nested than it may be.
    """
    if len(text) > _LONGEST:
        raise ValueError(f"it has {len(text):,} characters, over {_LONGEST:,}")
    for number, line in enumerate(text.split("\n"), start=1):
        if line.count(".") > _MOST_DOTS:
            raise ValueError(f"line {number} has over {_MOST_DOTS} dots")
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
