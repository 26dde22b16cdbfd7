"""The loop: rounds of asking, trying what was answered, and sending back what does not run.

What is asked in a round follows from what the library held before it, answers are worked off in the order of the
questions, and a head's round is stored as a whole. So a run that is killed and started again asks the same questions,
finds the answers it has, and ends with the same library.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from prompts.conversation import Message
from prompts.messages import repair_prompt
from surrogates.errors import InputError
from surrogates.library.candidates import Candidate, Unusable
from surrogates.library.heads import Head
from synth.engine import Engine
from synth.llm.calls import Asker, Reply
from synth.llm.failures import Failure
from synth.llm.store import Ask, Exchanges
from synth.progress import Reporter
from synth.proposers.language_model.archive import earlier, improves
from synth.proposers.language_model.plan import Plan, stage_name
from synth.proposers.language_model.questions import questions_of_round
from synth.proposers.language_model.trying import Broken, Tried, try_answers
from synth.run import Run


@dataclass(frozen=True)
class Rounds:
    """The rounds of one plan over some heads.

    Attributes:
        engine: where the work is done.
    """

    run: Run
    exchanges: Exchanges
    heads: Sequence[Head]
    plan: Plan
    asker: Asker
    engine: Engine
    reporter: Reporter

    def go(self) -> int:
        """Go through the rounds; what is done is not done again.

        Heads whose questions are not all answered go no further, what was answered is tried and stored all the same.

        Returns:
            Questions without an answer.

        Raises:
            InputError: the smallest prompt is larger than the plan allows, the asker cannot go on, or no question of a
                round was answered.
        """
        active = list(self.heads)
        unanswered = 0
        for round_ in range(1, self.plan.rounds + 1):
            finished = self.run.library.finished(stage_name(self.plan.model, round_))
            todo = [head for head in active if head not in finished and self._improves(head, round_)]
            # Others that did not improve stay out by themselves: they improve in no later round either.
            open_heads, missing = self._round(todo, round_) if todo else (set(), 0)
            unanswered += missing
            active = [head for head in active if head not in open_heads]
        return unanswered

    def _improves(self, head: Head, round_: int) -> bool:
        return improves(self.run.library.candidates(head), self.plan.model, round_)

    def _round(self, heads: list[Head], round_: int) -> tuple[set[Head], int]:
        """Ask, try and store; the heads that wait for answers, and for how many."""
        stage = stage_name(self.plan.model, round_)
        known = {head: earlier(self.run.library.candidates(head), self.plan.model, round_) for head in heads}
        asked = questions_of_round(self.run, self.exchanges, heads, round_, self.plan, self.engine, self.reporter)
        self.exchanges.keep_questions(stage, asked.values(), self.plan.measure, self.plan.parameters)
        replies = self._ask(asked, round_, "ask")
        self._check_wave([reply for own in replies.values() for reply in own], round_)
        most = max(self.plan.sizes)
        tried = self._try(known, replies, round_, most, f"round {round_}: try")
        repairs, lost = self._repairs(tried, round_)
        answers = self._ask(repairs, round_, "send back")
        with_first = {head: [*known[head], *tried[head].candidates] for head in repairs}
        again = self._try(with_first, answers, round_, 1, f"round {round_}: try again")
        waiting: set[Head] = set()
        missing = 0
        for head in heads:
            second = again.get(head, Tried())
            open_questions = sum(map(_waits, [*replies[head], *answers.get(head, [])]))
            if open_questions:
                waiting.add(head)
                missing += open_questions
            self.run.library.add(
                head,
                stage,
                [*tried[head].candidates, *second.candidates],
                [*tried[head].unusable, *lost[head], *second.unusable],
                finished=not open_questions,
            )
        return waiting, missing

    def _check_wave(self, replies: list[Reply], round_: int) -> None:
        """Stop when all questions of a round failed: it would be done with nothing in it, and never asked again.

        Raises:
            InputError: they did.
        """
        asked = [reply for reply in replies if not _waits(reply)]
        failures = [reply for reply in asked if isinstance(reply, Failure)]
        # A single one of a later round may fail by itself: who asks it again and again comes no further.
        if failures and len(failures) == len(asked) and (len(failures) > 1 or round_ == 1):
            count = "the only question" if len(failures) == 1 else f"all {len(failures)} questions"
            raise InputError(
                f"{count} to {self.plan.model} in round {round_} failed, the last with {failures[-1]}; nothing of the "
                "round is stored: mend what it names, then run again to go on from here"
            )

    def _ask(self, asked: dict[Head, list[Ask]], round_: int, what: str) -> dict[Head, list[Reply]]:
        asks = [replace(ask, round=round_) for own in asked.values() for ask in own]
        if not asks:
            return {head: [] for head in asked}
        with self.reporter.stage(f"round {round_}: {what}") as step:
            replies = iter(self.asker.ask(asks, step))
        return {head: [next(replies) for _ in own] for head, own in asked.items()}

    def _try(
        self,
        known: dict[Head, list[Candidate]],
        replies: dict[Head, list[Reply]],
        round_: int,
        most: int,
        stage: str,
    ) -> dict[Head, Tried]:
        heads = list(replies)
        answered = [[reply for reply in replies[head] if reply is not None] for head in heads]
        items = [
            (head, known[head], own, self.plan.model, round_, most) for head, own in zip(heads, answered, strict=True)
        ]
        tried: dict[Head, Tried] = {}
        if not any(answered):
            return {head: Tried() for head in heads}
        with self.reporter.stage(stage) as step:
            results = self.engine.map(try_answers, (self.run.material,), items)
            for head, found in zip(heads, results, strict=True):
                tried[head] = found
                step(len(tried), len(heads), _figure(tried.values()))
        return tried

    def _repairs(
        self, tried: dict[Head, Tried], round_: int
    ) -> tuple[dict[Head, list[Ask]], dict[Head, list[Unusable]]]:
        """What goes back once with its error, and what is too long for that."""
        asks: dict[Head, list[Ask]] = {}
        lost: dict[Head, list[Unusable]] = {head: [] for head in tried}
        for head, found in tried.items():
            for broken in found.broken:
                if len(asks.get(head, [])) == self.plan.candidates:
                    reason = f"it is one of more than the {self.plan.candidates} programs that were asked for"
                    lost[head].append(Unusable("not sent back", reason, round_))
                elif messages := self._repair(broken):
                    asks.setdefault(head, []).append(Ask(messages, 0, str(head)))
                else:
                    reason = "with its error it is longer than a prompt may be"
                    lost[head].append(Unusable("not sent back", reason, round_))
        return asks, lost

    def _repair(self, broken: Broken) -> tuple[Message, ...] | None:
        with suppress(InputError):
            return tuple(
                repair_prompt(
                    broken.source, broken.error, causal=self.run.material.causal, limit=self.plan.prompt_tokens
                )
            )
        return None


def _waits(reply: Reply) -> bool:
    """Whether a question is to be asked again: it was not asked, or the batch that held it ended too early."""
    return reply is None or (isinstance(reply, Failure) and reply.kind == "expired")


def _figure(tried: Iterable[Tried]) -> str:
    candidates = [candidate for found in tried for candidate in found.candidates]
    scored = sum(candidate.scores is not None for candidate in candidates)
    failed = len(candidates) - scored
    return f"{scored} scored" + (f", {failed} failed" if failed else "")
