"""What is said between us and a language model, and about how many tokens that takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from prompts.tokens import estimate_tokens

_MESSAGE = 5
"""Role, separators and the like around each message; the known chat templates take 3 to 6."""


@dataclass(frozen=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


def estimate_prompt(messages: Sequence[Message]) -> int:
    """About how many tokens a conversation takes."""
    return sum(estimate_tokens(message.content) + _MESSAGE for message in messages)
