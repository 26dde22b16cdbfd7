"""Reading what a server sends in the place of an answer: whatever was paid for is one."""

from typing import Any

from prompts.answers import LONGEST_ANSWER
from prompts.tokens import estimate_tokens
from sandbox.plain_text import one_line, valid
from synth.llm.errors import counted, shown
from synth.llm.failures import Failure
from synth.llm.money import Price
from synth.llm.store import Exchange

_TEXTS = ("text", "output_text")
"""Types of parts that hold what is said; others hold reasoning, images, calls."""


def read_body(
    body: object, key: str, prompt_tokens: int, model: str, price: Price | None, seconds: float
) -> Exchange | Failure:
    """The answer in the body of a response that is no error (see ``error_within``).

    A body with a choice, or that counts tokens of an answer, was paid for. It is an answer, be its text empty or its
    content a tool call; why nothing can be made of it is said where it is used. What has neither is none.

    Args:
        body: the decoded JSON, of whatever shape the server chose.
        prompt_tokens: taken where the server counts no tokens.
        seconds: how long the call took.
    """
    if not isinstance(body, dict):
        return Failure("invalid response", f"no JSON object but {shown(body)}")
    choices = body.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict):
        if not counted(body, "completion_tokens"):
            return Failure("invalid response", f"no choices with an answer in {shown(body)}")
        choice = {}
    # One that is too long to be looked through was paid for all the same; stored as such, it is not asked for again.
    text = valid(_said(choice))[: LONGEST_ANSWER + 1]
    prompt = _or(counted(body, "prompt_tokens"), prompt_tokens)
    answer = _or(counted(body, "completion_tokens"), estimate_tokens(text))
    finish = choice.get("finish_reason")
    return Exchange(
        key=key,
        content=text,
        finish_reason=one_line(finish) if isinstance(finish, str) else "",
        prompt_tokens=prompt,
        answer_tokens=answer,
        dollars=price.dollars(prompt, answer) if price else None,
        seconds=seconds,
        model=model,
    )


def _said(choice: dict[str, Any]) -> str:
    """The text of a choice: its message's content, or else the reason why it has none."""
    message = choice.get("message")
    if not isinstance(message, dict):
        return _text(message) or _text(choice.get("text"))
    return _text(message.get("content")) or _text(message.get("refusal"))


def _text(content: object) -> str:
    """A content as text: it may be a list of parts, of which those that hold reasoning are left out."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(map(_text, (part for part in content if isinstance(part, str | dict))))
    if isinstance(content, dict) and content.get("type", "text") in _TEXTS:
        text = content.get("text")
        return text if isinstance(text, str) else ""
    return ""


def _or(count: int | None, otherwise: int) -> int:
    return otherwise if count is None else count
