"""The chat-completion format on both sides: the body of a request, and what an answer's body holds."""

import re
from typing import Any

from prompts.answers import LONGEST_ANSWER
from prompts.messages import estimate_tokens
from sandbox.plain_text import one_line, valid
from synth.llm.failures import Failure
from synth.llm.prices import Price
from synth.llm.server_json import error_text, shown
from synth.llm.store import Ask, Exchange, Parameters

_OPENAI_MODEL = re.compile(r"(gpt-(?!oss)|chatgpt-|o\d)", re.IGNORECASE)


def is_openai_model(name: str) -> bool:
    """Whether OpenAI serves a model of this name itself, as far as its name tells."""
    return _OPENAI_MODEL.match(name.rsplit("/", 1)[-1]) is not None


def request_body(ask: Ask, parameters: Parameters, *, openai: bool) -> dict[str, Any]:
    """What is sent to ``/chat/completions``.

    Args:
        openai: the server is OpenAI's own. Its reasoning models refuse ``max_tokens``; most other servers know nothing
            else and would silently leave the answer unlimited.
    """
    body: dict[str, Any] = {
        "model": parameters.model,
        "messages": [{"role": message.role, "content": message.content} for message in ask.messages],
        "max_completion_tokens" if openai else "max_tokens": parameters.answer_tokens,
    }
    if parameters.temperature is not None:
        body["temperature"] = parameters.temperature
    return body


def read_body(
    body: object, key: str, prompt_tokens: int, model: str, price: Price | None, seconds: float
) -> Exchange | Failure:
    """The answer in a response's body.

    Args:
        body: the decoded JSON, of whatever shape the server chose.
        prompt_tokens: taken where the server counts no tokens.
        seconds: how long the call took.
    """
    if not isinstance(body, dict):
        return Failure("invalid response", f"no JSON object but {shown(body)}")
    if not body.get("choices") and body.get("error"):
        # Some routers answer 200 when the server behind them failed.
        return Failure("server error", error_text(body))
    choices = body.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict) or not isinstance(content, str | None):
        return Failure("invalid response", f"no choices with a message of text in {shown(body)}")
    # One that is too long to be looked through was paid for all the same; stored as such, it is not asked for again.
    text = valid(content or "")[: LONGEST_ANSWER + 1]
    usage = body.get("usage")
    prompt = _count(usage, "prompt_tokens", prompt_tokens)
    answer = _count(usage, "completion_tokens", estimate_tokens(text))
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


def _count(usage: object, name: str, otherwise: int) -> int:
    count = usage.get(name) if isinstance(usage, dict) else None
    return count if type(count) is int and 0 <= count < 2**40 else otherwise
