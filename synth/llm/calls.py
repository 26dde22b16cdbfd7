"""Asking a server many questions at once: every answer stored before it is used, none asked twice, no budget passed."""

import asyncio
import hashlib
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

import openai

from prompts.conversation import Message, estimate_prompt
from surrogates.errors import InputError
from synth.llm.answers import read_body
from synth.llm.dialect import Dialect
from synth.llm.errors import read_json
from synth.llm.failures import Failure
from synth.llm.learning import Learner
from synth.llm.money import Budget, Estimate, Ledger, load_prices, worst_case
from synth.llm.server import Endpoint, listing, reach
from synth.llm.store import TRIAL, Ask, Exchange, Exchanges, Parameters
from synth.llm.transport import TRIES, Tries, to_the_end
from synth.progress import Step

Reply = Exchange | Failure | None
"""An answer, why there is none, or None where a question is not asked, or not answered yet."""
RETRIES = 6
"""Waits of half a second to eight, 20 s together: a server that restarts is waited for."""


def trial(address: str) -> Ask:
    """A question that only tries a server: of the form of all others, and another one for each address."""
    number = int.from_bytes(hashlib.sha256(address.encode()).digest()[:4])
    return Ask((Message("system", "Be brief."), Message("user", "Reply with OK.")), number, TRIAL)


class Asker(Protocol):
    """Whoever gets questions answered: a client, batches, or a person who carries files."""

    def ask(self, asks: Sequence[Ask], progress: Step) -> list[Reply]:
        """Replies in the order of the questions."""

    @property
    def remarks(self) -> list[str]:
        """What is to be said at the end of what else it met, a line each."""


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
        self._learner = Learner(exchanges, self._endpoint.address, parameters.model, self._endpoint.start)
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

    def check(self) -> list[str]:
        """Find out, before other work begins, whether the server is alive and answers for the model.

        It is asked a tiny question, once an address. The answer is stored and paid for like any.

        Returns:
            What is odd about it, as lines; nothing that ends a run.

        Raises:
            InputError: it is not, or does not.
        """
        ask, key = self._trial
        self._exchanges.note({key: ask}, self._parameters.model)
        reply = to_the_end(self._try(key, ask))
        if isinstance(reply, Failure):
            raise self._dead(reply)
        return []

    @property
    def trials(self) -> int:
        """Calls that :meth:`check` makes."""
        return int(self._exchanges.get(self._trial[1]) is None)

    @property
    def _trial(self) -> tuple[Ask, str]:
        ask = trial(self._endpoint.address)
        return ask, ask.key(self._parameters)

    async def _try(self, key: str, ask: Ask) -> Reply:
        async with self._endpoint.open(self._timeout, self._retries) as connection:
            await self._reach(connection)
            worst = worst_case(ask, self._parameters, self._price)
            if not self.trials or not self._ledger.fits(worst):
                return None  # where this has no room, no other question has, which is said in its place
            self._ledger.reserve(worst)
            reply = await self._call(connection, key, ask, worst)
            known = self._learner.dialect
            if isinstance(reply, Failure) and reply.kind == "server error" and known.system:
                # Where a chat template takes no system role, some servers end in a 500 without a word of it.
                self._learner.suppose(replace(known, system=False))
                self._ledger.reserve(worst)
                # Once more where the connection is gone: some close it after a 500.
                again = await self._call(connection.with_options(max_retries=1), key, ask, worst)
                if isinstance(again, Exchange):
                    return again
                self._learner.take_back()
            return reply

    @property
    def remarks(self) -> list[str]:
        found = [self._ledger.lost_words] if self._ledger.lost else []
        return found + self._learner.remarks(self._parameters.answer_tokens)

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
        """Ask one question, and store its answer; the books are kept of what it cost or may have cost."""
        tries = Tries(lambda: self._ledger.lose(worst), lambda: self._ledger.fits(Estimate(0, 0.0)))
        TRIES.set(tries)
        dialect, reply = await self._said(connection, key, ask, tries)
        if isinstance(reply, Failure):
            self._ledger.release(worst)
            return reply
        stored = self._exchanges.add(reply)
        self._learner.answered(dialect, reply.answer_tokens, self._parameters.answer_tokens)
        self._ledger.settle(worst, reply)
        self._tokens += reply.prompt_tokens + reply.answer_tokens
        self._dollars += reply.dollars or 0.0
        # Another process may have been first, and its answer stays.
        return reply if stored else self._exchanges.get(key) or reply

    async def _said(
        self, connection: openai.AsyncOpenAI, key: str, ask: Ask, tries: Tries
    ) -> tuple[Dialect, Exchange | Failure]:
        """What a server says to a question, and in which form it was asked: again at once where one was refused."""
        start = time.monotonic()
        while True:
            dialect = self._learner.dialect
            body = request_body(ask, self._parameters, dialect)
            try:
                # As text, not by `chat.completions.create`: that hands on bodies of any shape as if they were answers,
                # and spends as much time on its types as on all else.
                decoded = read_json(await connection.post("/chat/completions", cast_to=str, body=body))
            except openai.OpenAIError as error:
                failure = self._endpoint.failure_of(error)
                if isinstance(error, openai.APIStatusError) and self._learner.refused(dialect, failure.reason):
                    continue
                if stop := self._endpoint.hopeless(error, self._parameters.model):
                    raise InputError(f"{stop}{self._hint()}") from error
                return dialect, failure
            except ValueError as error:
                tries.lose()
                return dialect, Failure("invalid response", f"the body is no JSON: {error}")
            seconds, prompt = time.monotonic() - start, estimate_prompt(ask.messages)
            reply = read_body(decoded, key, prompt, self._parameters.model, self._price, seconds)
            if isinstance(reply, Failure):
                tries.lose()
            return dialect, reply

    async def _reach(self, connection: openai.AsyncOpenAI) -> None:
        """Find out at once, before the first question, whether anything listens: repeating takes 20 s to give up.

        Raises:
            InputError: nothing does, or it points elsewhere.
        """
        if self._listed is None:
            self._listed = []
            self._listed = await reach(connection, self._endpoint, self._parameters.model)

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
        if not failures or len(failures) < done:
            return
        gone = all(failure.kind == "connection" for failure in failures)
        if gone or not self._answered:
            raise self._dead(failures[-1])

    def _dead(self, last: Failure) -> InputError:
        return self._endpoint.dead(self._parameters.model, last, self._hint())

    def _hint(self) -> str:
        return listing(self._listed or [], self._parameters.model)

    def _figure(self, failed: int) -> str:
        parts = [f"{self._tokens:,} tokens"]
        if self._dollars:
            parts.append(f"${self._dollars:.2f}")
        if failed:
            parts.append(f"{failed} failed")
        return ", ".join(parts)


def request_body(ask: Ask, parameters: Parameters, dialect: Dialect) -> dict[str, Any]:
    """What is sent to ``/chat/completions``.

    A temperature that was asked for is never left out: a server that takes none refuses it in its own words.
    """
    body: dict[str, Any] = {
        "model": parameters.model,
        "messages": dialect.spoken(ask.messages),
        dialect.limit: parameters.answer_tokens,
    }
    if parameters.temperature is not None:
        body["temperature"] = parameters.temperature
    return body
