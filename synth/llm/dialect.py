"""How a server takes questions: learned from what it refuses, since its name does not tell."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from prompts.conversation import Message

LIMITS = ("max_tokens", "max_completion_tokens")
"""Names of the parameter that limits an answer. Most servers know the first; OpenAI's reasoning models refuse it."""

_UNKNOWN = re.compile(
    r"not (?:be )?(?:supported|permitted|allowed|accepted|enabled|recogni[sz]ed)|(?:does|do)(?: not|n't) support"
    r"|unsupported|unknown|unrecogni[sz]ed|unexpected|\bextra\b|forbidden|deprecated|no longer|\binstead\b"
    r"|\binvalid (?:param|arg|field)",
    re.IGNORECASE,
)
_WANTED = re.compile(r"required|missing|must be (?:set|given|provided)", re.IGNORECASE)
_SIZE = re.compile(
    r"too (?:large|small|big|high|low|long)|at (?:most|least)|less than|greater than|maximum|exceed|\blimit (?:of|is)"
    r"|must be (?:between|[<>≤≥])",
    re.IGNORECASE,
)
"""What is said of a limit's value rather than of its name."""
_NO_SYSTEM = re.compile(
    r"(?:system|developer) (?:role|message|prompt|instruction)s?\b.{0,40}"
    r"(?:(?:not|n't)\b.{0,20}(?:support|allow|accept|enabled|permitted|available|recogni)|unsupported)"
    r"|(?:unsupported|unknown|invalid|unexpected) (?:message )?role\W.{0,20}(?:system|developer)"
    r"|role\b.{0,60}(?:not|n't) (?:support|allow|accept)\w*.{0,20}\b(?:system|developer)\b"
    r"|only .{0,20}user\W.{0,10}assistant\W|roles? must alternate|(?:one of|be) \W*user\W+(?:or|and|,)?\W*assistant\W",
    re.IGNORECASE,
)
_PARTS = re.compile(
    r"content\b.{0,160}?(?:(?:valid|an?) (?:list|array|sequence)\b|invalid type: string, expected a sequence)",
    re.IGNORECASE,
)
_TEXT = re.compile(
    r"content\b.{0,160}?(?:(?:valid|an?) (?:string|str)\b|invalid type: sequence, expected a string|content type)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Dialect:
    """The form in which a server takes a question. It changes no answer, so it is no part of a question's key.

    Attributes:
        limit: which of ``LIMITS`` it takes.
        system: whether it takes the system role; what would be said in it begins the first question otherwise.
        parts: whether contents are lists of parts rather than texts.
    """

    limit: str = LIMITS[0]
    system: bool = True
    parts: bool = False

    def spoken(self, messages: Sequence[Message]) -> list[dict[str, Any]]:
        """Messages as they are sent."""
        return [
            {"role": message.role, "content": self._content(message.content)}
            for message in (messages if self.system else _without_system(messages))
        ]

    def after(self, refusal: str) -> "Dialect":
        """What a refusal's words ask for; the same where they are about something else."""
        other = LIMITS[1 - LIMITS.index(self.limit)]
        named, unnamed = re.search(rf"\b{self.limit}\b", refusal), re.search(rf"\b{other}\b", refusal)
        if named and _UNKNOWN.search(refusal) and not _SIZE.search(refusal):
            return replace(self, limit=other)
        if unnamed and not named and _WANTED.search(refusal):
            return replace(self, limit=other)
        if self.system and _NO_SYSTEM.search(refusal):
            return replace(self, system=False)
        if (_TEXT if self.parts else _PARTS).search(refusal):
            return replace(self, parts=not self.parts)
        return self

    def may_have_met(self, refusal: str) -> bool:
        """Whether it may have been a question in this form that was refused: no other limit is named first."""
        found = re.search(rf"\b(?:{'|'.join(LIMITS)})\b", refusal)
        return found is None or found[0] == self.limit

    def overrun(self) -> "Dialect":
        """After an answer that is longer than its limit: the server did not know the parameter."""
        return replace(self, limit=LIMITS[1 - LIMITS.index(self.limit)])

    def _content(self, text: str) -> str | list[dict[str, str]]:
        return [{"type": "text", "text": text}] if self.parts else text


def _without_system(messages: Sequence[Message]) -> list[Message]:
    """The messages with what the system is told in front of the first that follows."""
    said = [message.content for message in messages if message.role == "system"]
    others = [message for message in messages if message.role != "system"]
    if said and others and others[0].role == "user":
        others[0] = Message("user", "\n\n".join([*said, others[0].content]))
    elif said:
        others.insert(0, Message("user", "\n\n".join(said)))
    return others
