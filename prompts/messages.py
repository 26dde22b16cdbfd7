"""What is sent to a language model, and how much of its context that takes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

_PIECES = re.compile(r"(?P<letters>[A-Za-z]+)|(?P<space>\s+)|(?P<other>.)", re.DOTALL)
_MESSAGE = 8
"""Role, separators and the like around each message; the known chat templates need 3 to 6."""


@dataclass(frozen=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


def estimate_tokens(text: str) -> int:
    """Tokens of a text, rounded up, with no vocabulary at hand.

    A run of ASCII letters counts a token for every 3 letters begun; other characters count one token for each UTF-8
    byte, since vocabularies may split digits singly and spell rare characters in bytes; a lone space counts nothing,
    since it joins the next word; longer white space or a line break counts a token for every 4 characters begun.
    """
    count = 0
    for piece in _PIECES.finditer(text):
        length = piece.end() - piece.start()
        if piece["letters"]:
            count += -(-length // 3)
        elif piece["other"]:
            count += len(piece["other"].encode("utf-8", "surrogatepass"))
        elif piece["space"] != " ":
            count += -(-length // 4)
    return count


def estimate_prompt(messages: Sequence[Message]) -> int:
    """Tokens of a conversation, rounded up."""
    return sum(estimate_tokens(message.content) + _MESSAGE for message in messages)
