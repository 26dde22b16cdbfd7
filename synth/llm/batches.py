"""Asking by batch: handed in as a file, answered within a day, at half the price."""

import asyncio
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

import openai

from sandbox.plain_text import one_line
from surrogates.errors import InputError
from synth.llm.batch_states import BatchState, OddAnswer, read_id, read_state
from synth.llm.calls import RETRIES, Reply, request_body
from synth.llm.failures import Failure, FailureKind
from synth.llm.files import Request, key_of, request_lines, split_lines, store_answers
from synth.llm.learning import Learner
from synth.llm.money import BATCH_SHARE, Budget, Estimate, Ledger, Prices, load_prices, worst_case
from synth.llm.server import Endpoint, listing, reach
from synth.llm.store import Ask, Exchanges, OpenBatch, Parameters
from synth.llm.transport import InvalidResponse, TimedOut, to_the_end
from synth.progress import Step

_TRANSFER_SECONDS = 900.0  # for a file of 200 MB
_ENDED = ("completed", "failed", "expired", "cancelled")  # a status that nobody knows is one under way


class BatchClient:
    """Asks one model on one server by batches; see `Client` for the arguments that it shares.

    Args:
        poll: seconds between two looks at a batch.

    Raises:
        InputError: there is no pause between looks, or see `Client`.
    """

    def __init__(
        self,
        parameters: Parameters,
        base_url: str | None,
        exchanges: Exchanges,
        *,
        poll: float = 30.0,
        budget: Budget | None = None,
        key: str | None = None,
        retries: int = RETRIES,
    ) -> None:
        if not poll > 0:
            raise InputError(f"{poll:g} s are no pause between two looks at a batch; give more")
        self._parameters = parameters
        self._endpoint = Endpoint(base_url, key)
        self._exchanges = exchanges
        self._poll = poll
        self._retries = retries
        self._prices = load_prices()
        self._ledger = Ledger(budget, parameters.model, self._prices, exchanges)
        self._learner = Learner(exchanges, self._endpoint.address, parameters.model, self._endpoint.start)

    def check(self) -> list[str]:
        """Find out, before other work begins, whether the server is alive; no question may be asked there one by one.

        Returns:
            A line if it lists models and ours is not among them, which not every server's list proves to be wrong.

        Raises:
            InputError: it is not, or points elsewhere.
        """
        odd = listing(to_the_end(self._list()), self._parameters.model)
        return [f"{self._endpoint.address} does not list {self._parameters.model}{odd}"] if odd else []

    @property
    def trials(self) -> int:
        """Calls that :meth:`check` makes."""
        return 0

    async def _list(self) -> list[str]:
        async with self._endpoint.open(_TRANSFER_SECONDS, self._retries) as connection:
            return await reach(connection, self._endpoint, self._parameters.model)

    @property
    def remarks(self) -> list[str]:
        return self._learner.remarks(self._parameters.answer_tokens)

    def ask(self, asks: Sequence[Ask], progress: Step) -> list[Reply]:
        """Answers in the order of the questions, after the batch that holds them has ended.

        A batch handed in before, by a run that was killed, is waited for rather than handed in again.

        Raises:
            InputError: the server takes no batches, cannot be reached, or refuses the key.
        """
        keys = [ask.key(self._parameters) for ask in asks]
        waiting = {key: ask for key, ask in zip(keys, asks, strict=True) if self._exchanges.get(key) is None}
        failures: dict[str, Failure] = {}
        if waiting:
            try:
                failures = to_the_end(self._ask_all(waiting, progress))
            except openai.OpenAIError as error:
                raise self._explained(error) from error
            self._check(waiting, failures)
        return [self._exchanges.get(key) or failures.get(key) for key in keys]

    def _check(self, waiting: Collection[str], failures: dict[str, Failure]) -> None:
        """Stop when no question was answered, if the batch itself failed or the model never answered anything."""
        lost = [failure for failure in failures.values() if failure.kind != "expired"]
        if not lost or any(self._exchanges.get(key) for key in waiting):
            return
        gone = all(failure.kind == "batch failed" for failure in lost)
        if gone or not self._exchanges.has_answer_of(self._parameters.model):
            raise InputError(
                f"{self._endpoint.address} answers nothing for {self._parameters.model} by batch, the last time with "
                f"{lost[-1]}; mend what it names, then run again to go on from here"
            )

    async def _ask_all(self, waiting: dict[str, Ask], progress: Step) -> dict[str, Failure]:
        failures: dict[str, Failure] = {}
        async with self._endpoint.open(_TRANSFER_SECONDS, self._retries) as connection:
            while waiting:
                used = self._learner.dialect
                found = await self._ask_once(connection, waiting, progress)
                failures |= found
                for key in waiting:
                    if answer := self._exchanges.get(key):
                        self._learner.answered(used, answer.answer_tokens, self._parameters.answer_tokens)
                # Those whose form was refused go in another batch at once.
                waiting = {
                    key: ask
                    for key, ask in waiting.items()
                    # A batch may have been handed in when less was known.
                    if key in found
                    and used.may_have_met(found[key].reason)
                    and self._learner.refused(used, found[key].reason)
                }
        return failures

    async def _ask_once(
        self, connection: openai.AsyncOpenAI, waiting: dict[str, Ask], progress: Step
    ) -> dict[str, Failure]:
        """Have questions answered by batches that are under way, or else by new ones; what failed."""
        batches = self._exchanges.open_batches(self._endpoint.address)
        handed_in = {key for batch in batches for key in batch.keys}
        under_way = {key: ask for key, ask in waiting.items() if key in handed_in}
        for ask in under_way.values():
            self._ledger.reserve(self._worst(ask))
        new = self._affordable({key: ask for key, ask in waiting.items() if key not in handed_in})
        self._exchanges.note(new, self._parameters.model)
        for part in split_lines(request_lines(map(self._request, new, new.values()))):
            batches.append(await self._hand_in(connection, part))
        reading = _Reading(connection, self._endpoint, self._parameters.model, self._exchanges, self._prices)
        total = sum(len(batch.keys) for batch in batches)
        while batches:
            # Each is looked at, whatever became of the one before: what is in it was paid for.
            batches = [batch for batch in batches if not await reading.look(batch)]
            progress(sum(reading.done.values()), total, reading.figure(len(batches)))
            if batches:
                await asyncio.sleep(self._poll)
        reading.end()
        for key, ask in (under_way | new).items():
            if answer := self._exchanges.get(key):
                self._ledger.settle(self._worst(ask), answer)
            else:  # which no server bills
                self._ledger.release(self._worst(ask))
        return reading.failures

    def _affordable(self, asks: dict[str, Ask]) -> dict[str, Ask]:
        """Questions that the budget has room for at worst, set aside in it."""
        chosen = {}
        for key, ask in asks.items():
            worst = self._worst(ask)
            if self._ledger.fits(worst):
                self._ledger.reserve(worst)
                chosen[key] = ask
        return chosen

    def _worst(self, ask: Ask) -> Estimate:
        return worst_case(ask, self._parameters, self._prices.of(self._parameters.model), BATCH_SHARE)

    def _request(self, key: str, ask: Ask) -> Request:
        return Request(key, ask.label, ask.round, request_body(ask, self._parameters, self._learner.dialect))

    async def _hand_in(self, connection: openai.AsyncOpenAI, lines: list[str]) -> OpenBatch:
        """Hand in a batch and remember it before anything else is done.

        Raises:
            InputError: the server does not say what it made of the file or of the batch.
        """
        url = self._endpoint.address
        content = "".join(lines).encode("ascii")
        # The package's own types take answers of any shape: what comes back is read as text and checked here.
        uploaded = await connection.files.with_raw_response.create(file=("headsynth.jsonl", content), purpose="batch")
        try:
            file_id = read_id(uploaded.text)
        except OddAnswer as odd:
            raise InputError(
                f"{url} gave an odd answer to the file of questions: {odd}; no batch was handed in of it: check the "
                "base URL and the server, then run again"
            ) from odd
        order = {"input_file_id": file_id, "endpoint": "/v1/chat/completions", "completion_window": "24h"}
        keys = tuple(key_of(json.loads(line)["custom_id"]) for line in lines)
        # A file that is uploaded twice costs nothing. A batch is paid for as often as the server took it.
        once = connection.with_options(max_retries=0)
        cause: Exception
        try:
            id_ = read_id(await once.post("/batches", cast_to=str, body=order))
            if not self._exchanges.open_batch(id_, url, keys):
                raise OddAnswer(f"its id {id_} is that of another batch of this run")
            return OpenBatch(id_, keys)
        except OddAnswer as odd:
            why = f"gave an odd answer to it: {odd}"
            cause = odd
        except (TimedOut, InvalidResponse, openai.APIConnectionError, openai.InternalServerError) as error:
            if isinstance(error, openai.InternalServerError) and error.status_code == 501:
                raise  # it takes no batches
            why = f"gave no answer to it that can be read ({self._endpoint.failure_of(error)})"
            cause = error
        raise InputError(
            f"a batch of {len(keys)} questions was handed in, and {url} {why}; it may be under way and paid for: look "
            "for it there and read its answers with `headsynth llm import`, or run again to hand its questions in anew"
        ) from cause

    def _explained(self, error: openai.OpenAIError) -> InputError:
        url = self._endpoint.address
        if isinstance(error, openai.APIStatusError) and error.status_code in (404, 405, 501):
            return InputError(
                f"{url} takes no batches; write the questions with `headsynth llm export`, have them answered, and "
                "read the answers with `headsynth llm import`"
            )
        if stop := self._endpoint.hopeless(error, self._parameters.model):
            return stop
        failure = self._endpoint.failure_of(error)
        return InputError(f"{url} failed to take or return a batch ({failure}); run again to go on from here")


@dataclass
class _Reading:
    """Reads batches as they end.

    Attributes:
        done: how many questions of each batch, by its id, are through.
        failures: by key, questions that failed.
        odd: what was odd about batches, in words.
        troubles: why some could not be read to the end; the run ends with them when no other batch is left to read.
        unknown: ids of those that the server does not know.
    """

    connection: openai.AsyncOpenAI
    endpoint: Endpoint
    model: str
    exchanges: Exchanges
    prices: Prices
    done: dict[str, int] = field(default_factory=dict)
    failures: dict[str, Failure] = field(default_factory=dict)
    odd: list[str] = field(default_factory=list)
    troubles: list[InputError] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def figure(self, under_way: int) -> str:
        return "; ".join([*([f"{under_way} batches under way"] if under_way else []), *self.odd])

    async def look(self, batch: OpenBatch) -> bool:
        """Read a batch that has ended; whether there is nothing to wait for, be it for its answers or for a trouble.

        Raises:
            openai.OpenAIError: one that every batch would meet.
        """
        if not self._unanswered(batch):  # by other ways, or read from it before
            self._close(batch)
            return True
        try:
            state = read_state(await self.connection.get(f"/batches/{quote(batch.id, safe='')}", cast_to=str))
        except openai.NotFoundError:
            self.unknown.append(batch.id)
            self.odd.append(f"the batch {batch.id} is unknown there")
            self.troubles.append(
                InputError(
                    f"{self.endpoint.address} knows nothing of the batch {batch.id} that this run handed in there; "
                    "run again to hand its questions in anew"
                )
            )
            return True
        except OddAnswer as odd:
            self._trouble(batch, str(odd))
            return True
        except openai.OpenAIError as error:
            self._trouble(batch, f"no state of it ({self._lone_failure(error)})")
            return True
        if state.status not in _ENDED:
            self.done[batch.id] = min(state.completed, len(batch.keys))
            return False
        await self._read(batch, state)
        return True

    def end(self) -> None:
        """Forget the batches that the server does not know, once that is told.

        Raises:
            InputError: some batch could not be read to the end.
        """
        for id_ in self.unknown:
            self.exchanges.close_batch(id_)
        if self.troubles:
            others = len(self.troubles) - 1
            raise InputError(f"{self.troubles[0]}{f' ({others} other batches are odd too)' if others else ''}")

    async def _read(self, batch: OpenBatch, state: BatchState) -> None:
        """Store what the files of a batch hold, and close it unless something odd leaves questions open."""
        odds = list(state.odd)
        failures: dict[str, Failure] = {}
        for file_id in state.files:
            try:
                text = await self.connection.get(f"/files/{quote(file_id, safe='')}/content", cast_to=str)
            except openai.OpenAIError as error:
                odds.append(f"its file {file_id} cannot be read ({self._lone_failure(error)})")
                continue
            read = store_answers(text, self.exchanges, self.prices)
            failures |= read.failures
            if read.bad:
                odds.append(f"its file {file_id}, {read.problem}")
        self.failures |= failures
        unanswered = self._unanswered(batch)
        odd = one_line("; ".join(odds), 500)
        if odds and any(key not in failures for key in unanswered):
            self._trouble(batch, odd)
            return
        if odds:
            self.odd.append(f"the batch {batch.id} is read, though {odd}")
        kinds: dict[str, FailureKind] = {"completed": "server error", "expired": "expired"}
        why = one_line(f"the batch {batch.id} {state.status}: {state.reason or 'no answer in it'}")
        missing = Failure(kinds.get(state.status, "batch failed"), why)
        self.failures |= {key: failures.get(key, missing) for key in unanswered}
        self._close(batch)

    def _unanswered(self, batch: OpenBatch) -> list[str]:
        return [key for key in batch.keys if self.exchanges.get(key) is None]

    def _close(self, batch: OpenBatch) -> None:
        self.done[batch.id] = len(batch.keys)
        self.exchanges.close_batch(batch.id)

    def _trouble(self, batch: OpenBatch, odd: str) -> None:
        """Note why a batch whose answers are not all there cannot be read."""
        unanswered = len(self._unanswered(batch))
        self.done[batch.id] = len(batch.keys) - unanswered
        self.odd.append(f"the batch {batch.id}: {odd}")
        # Nothing is said of asking its questions one by one: that would pay for them twice.
        self.troubles.append(
            InputError(
                f"{self.endpoint.address} gave an odd answer about the batch {batch.id}: {odd}; it stays noted, as "
                f"{unanswered} of its {len(batch.keys)} questions are open: run again to look at it anew, or look for "
                "its answers there and read them with `headsynth llm import`"
            )
        )

    def _lone_failure(self, error: openai.OpenAIError) -> Failure:
        """What an error says of one batch or file.

        Raises:
            openai.OpenAIError: every other would meet it too.
        """
        gone = isinstance(error, openai.NotFoundError)  # which of a completion means that there is no such model
        if not gone and self.endpoint.hopeless(error, self.model):
            raise error
        return self.endpoint.failure_of(error)
