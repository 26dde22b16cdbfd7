"""Asking a server many questions at once: every answer stored before it is used, none asked twice, no budget passed."""

import asyncio
import re
import time
from collections.abc import Sequence
from typing import Any, Protocol

import openai

from prompts.answers import LONGEST_ANSWER
from prompts.messages import estimate_prompt, estimate_tokens
from sandbox.plain_text import one_line, valid
from surrogates.errors import InputError
from synth.llm.failures import Failure
from synth.llm.money import Budget, Estimate, Ledger, Price, load_prices, worst_case
from synth.llm.server import Endpoint
from synth.llm.store import Ask, Exchange, Exchanges, Parameters
from synth.llm.transport import Redirected, error_text, read_json, shown, to_the_end
from synth.progress import Step

Reply = Exchange | Failure | None
"""An answer, why there is none, or None where a question is not asked, or not answered yet."""
RETRIES = 6
"""Waits of half a second to eight, 20 s together: a server that restarts is waited for."""
_PROBE_SECONDS = 10.0
_OPENAI_MODEL = re.compile(r"(gpt-(?!oss)|chatgpt-|o\d)", re.IGNORECASE)


class Asker(Protocol):
    """Whoever gets questions answered: a client, batches, or a person who carries files."""

    def ask(self, asks: Sequence[Ask], progress: Step) -> list[Reply]:
        """Replies in the order of the questions."""


class Client:
    """Asks one model on one server.

    Args:
        base_url: see `Endpoint`; so for ``key``.
        exchanges: where answers are looked up and stored.
        concurrency: most calls under way at once.
        timeout: seconds for one try of a call, to the last byte; waits between tries do not count.
        budget: what the run may spend in all, what ``exchanges`` holds included.
        retries: further tries of a call that failed in a way that may pass.

    Raises:
        InputError: the address, the key, a number or the prices are wrong, or a budget in dollars cannot be kept.
    """

    def __init__(
        self,
        parameters: Parameters,
        base_url: str | None,
        exchanges: Exchanges,
        *,
        concurrency: int = 8,
        timeout: float = 300.0,
        budget: Budget | None = None,
        key: str | None = None,
        retries: int = RETRIES,
    ) -> None:
        if concurrency < 1:
            raise InputError(f"a concurrency of {concurrency} sends nothing; give 1 or more")
        if not timeout > 0:
            raise InputError(f"a timeout of {timeout:g} s leaves no time to answer; give more")
        if parameters.answer_tokens < 1:
            raise InputError(f"{parameters.answer_tokens} tokens are no room for an answer; give 1 or more")
        self._parameters = parameters
        self._endpoint = Endpoint(base_url, key)
        self._exchanges = exchanges
        self._concurrency = concurrency
        self._timeout = timeout
        self._retries = retries
        prices = load_prices()
        self._price = prices.of(parameters.model)
        self._ledger = Ledger(budget, parameters.model, prices, exchanges)
        self._listed: list[str] | None = None  # models the server names; None before it was asked
        totals = exchanges.totals()
        self._tokens, self._dollars = totals.tokens, totals.dollars  # what the run has cost, as progress shows it
        # Where it has answered before, a failure now may be the question's own.
        self._answered = exchanges.has_answer_of(parameters.model)
        self._failed_in_a_row = 0

    def ask(self, asks: Sequence[Ask], progress: Step) -> list[Reply]:
        """Answers in the order of the questions; stored ones are not asked again, equal ones asked once.

        Failures are not stored, so that a later call asks again.

        Raises:
            InputError: the server cannot be reached, refuses the key, has no such model, or fails call after call.
                Calls under way are cancelled; what was answered is stored.
        """
        keys = [ask.key(self._parameters) for ask in asks]
        replies: dict[str, Reply] = {key: self._exchanges.get(key) for key in dict.fromkeys(keys)}
        waiting = {key: ask for key, ask in zip(keys, asks, strict=True) if replies[key] is None}
        if waiting:
            replies |= to_the_end(self._ask_all(waiting, progress))
        return [replies[key] for key in keys]

    async def _ask_all(self, waiting: dict[str, Ask], progress: Step) -> dict[str, Exchange | Failure]:
        """Ask every question that the budget has room for; what became of each."""
        replies: dict[str, Exchange | Failure] = {}
        failures: list[Failure] = []
        queue = iter(waiting.items())
        admission = asyncio.Lock()  # questions are admitted one after the other, in their order
        room = asyncio.Event()
        under_way = 0

        async def work() -> None:
            nonlocal under_way
            while True:
                async with admission:
                    key, ask = next(queue, ("", None))
                    if ask is None:
                        return
                    worst = worst_case(ask, self._parameters, self._price)
                    # A call costs less than its worst case, so one that ends may make room for another.
                    while under_way and not self._ledger.fits(worst):
                        room.clear()
                        await room.wait()
                    if not self._ledger.fits(worst):
                        continue
                    self._ledger.reserve(worst)
                    under_way += 1
                reply = await self._call(connection, key, ask, worst)
                under_way -= 1
                room.set()
                replies[key] = reply
                if isinstance(reply, Failure):
                    failures.append(reply)
                progress(len(replies), len(waiting), self._figure(len(failures)))
                self._watch(reply)

        async with self._endpoint.open(self._timeout, self._retries) as connection:
            await self._reach(connection)
            workers = [asyncio.create_task(work()) for _ in range(min(self._concurrency, len(waiting)))]
            try:
                await asyncio.gather(*workers)
            finally:
                for worker in workers:
                    worker.cancel()
                await asyncio.gather(*workers, return_exceptions=True)
        self._check_wave(len(replies), failures)
        return replies

    async def _call(self, connection: openai.AsyncOpenAI, key: str, ask: Ask, worst: Estimate) -> Exchange | Failure:
        start = time.monotonic()
        body = request_body(ask, self._parameters, openai=self._endpoint.is_openai)
        try:
            # As text, not by `chat.completions.create`: that hands on bodies of any shape as if they were answers, and
            # spends as much time on its types as on all else.
            decoded = read_json(await connection.post("/chat/completions", cast_to=str, body=body))
        except openai.OpenAIError as error:
            if stop := self._endpoint.hopeless(error, self._parameters.model):
                raise InputError(f"{stop}{self._hint()}") from error
            failure = self._endpoint.failure_of(error)
            if failure.kind in ("rate limited", "refused", "server error"):
                self._ledger.release(worst)
            return failure
        except ValueError as error:
            return Failure("invalid response", f"the body is no JSON: {error}")
        prompt = estimate_prompt(ask.messages)
        seconds = time.monotonic() - start
        reply = read_body(decoded, key, prompt, self._parameters.model, self._price, seconds)
        if isinstance(reply, Exchange):
            stored = self._exchanges.add(reply)
            self._ledger.settle(worst, reply)
            self._tokens += reply.prompt_tokens + reply.answer_tokens
            self._dollars += reply.dollars or 0.0
            if not stored:  # another process was first, and its answer stays
                return self._exchanges.get(key) or reply
        return reply

    async def _reach(self, connection: openai.AsyncOpenAI) -> None:
        """Find out at once, before the first question, whether anything listens: repeating takes 20 s to give up.

        Raises:
            InputError: nothing does, or it points elsewhere.
        """
        if self._listed is not None:
            return
        self._listed = []
        probe = connection.with_options(max_retries=0)
        try:
            async with asyncio.timeout(_PROBE_SECONDS):
                listed = read_json(await probe.get("/models", cast_to=str))
        except openai.APIConnectionError as error:
            raise self._dead(self._endpoint.failure_of(error)) from error
        except Redirected as error:
            raise self._endpoint.redirected(error) from error
        except (openai.OpenAIError, TimeoutError, ValueError):
            # Not every server lists its models, and a key may be for completions only: the questions will tell.
            return
        entries = listed.get("data") if isinstance(listed, dict) else None
        names = [entry.get("id") for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
        self._listed = [name for name in names if isinstance(name, str)]

    def _watch(self, reply: Exchange | Failure) -> None:
        """Stop when call after call fails, rather than repeat every question in vain."""
        if isinstance(reply, Exchange):
            self._answered = True
            self._failed_in_a_row = 0
            return
        if reply.kind == "refused" and self._answered:
            return  # a fault of this question
        self._failed_in_a_row += 1
        if self._failed_in_a_row >= max(self._concurrency, 8):
            raise self._dead(reply)

    def _check_wave(self, done: int, failures: list[Failure]) -> None:
        """Stop when every question of a wave failed, on a server that never answered or is not there any more."""
        passing = [failure for failure in failures if failure.kind != "refused"]
        gone = all(failure.kind == "connection" for failure in passing)
        if passing and len(failures) == done and (gone or not self._answered):
            raise self._dead(passing[-1])

    def _dead(self, last: Failure) -> InputError:
        return InputError(
            f"{self._endpoint.address} answers nothing for {self._parameters.model}, the last time with {last}; "
            f"check the base URL, the model's name and the server, then run again to go on from here{self._hint()}"
        )

    def _hint(self) -> str:
        """The models that the server lists, when ours is not among them."""
        if not self._listed or self._parameters.model in self._listed:
            return ""
        more = f" and {len(self._listed) - 5} more" if len(self._listed) > 5 else ""
        return f"; it lists {', '.join(one_line(name, 80) for name in self._listed[:5])}{more}"

    def _figure(self, failed: int) -> str:
        parts = [f"{self._tokens:,} tokens"]
        if self._dollars:
            parts.append(f"${self._dollars:.2f}")
        if failed:
            parts.append(f"{failed} failed")
        return ", ".join(parts)


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
