"""Questions that a person carries to a model and whose answers come back in a file."""

import json
from collections.abc import Sequence

from synth.llm.calls import Outcome
from synth.llm.completions import is_openai_model, request_body
from synth.llm.store import Ask, Exchanges, Parameters, Pending
from synth.progress import Step


class Carried:
    """Answers what is stored, and notes what is not.

    Attributes:
        noted: the questions that wait, in their order.
    """

    def __init__(self, parameters: Parameters, exchanges: Exchanges) -> None:
        self._parameters = parameters
        self._exchanges = exchanges
        self.noted: list[Pending] = []

    def ask(self, asks: Sequence[Ask], progress: Step) -> list[Outcome]:
        """Stored answers in the order of the questions, None for those that wait."""
        keys = [ask.key(self._parameters) for ask in asks]
        outcomes: list[Outcome] = [self._exchanges.get(key) for key in keys]
        openai = is_openai_model(self._parameters.model)
        waiting = {
            key: Pending(key, ask.label, json.dumps(request_body(ask, self._parameters, openai=openai)))
            for key, ask, outcome in zip(keys, asks, outcomes, strict=True)
            if outcome is None
        }
        self._exchanges.want(waiting.values())
        self.noted += waiting.values()
        progress(len(asks) - len(waiting), len(asks), f"{len(waiting)} wait for an answer")
        return outcomes
