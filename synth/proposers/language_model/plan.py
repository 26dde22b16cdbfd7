"""What a run asks of a language model, kept with the run so that answers brought later find their place."""

import json
from dataclasses import asdict, dataclass, fields
from math import ceil

from sandbox.plain_text import one_line
from surrogates.errors import InputError
from synth.llm.store import Parameters

PER_QUESTION = 4
"""Parts or programs asked for at once; more cost less each, and resemble each other more."""
WHOLE_EVERY = 3
"""Rounds after which whole programs of another hypothesis are asked for rather than parts of the one there is."""


@dataclass(frozen=True)
class Plan:
    """How much is asked, of which model.

    Raises:
        InputError: the model's name holds a line break or the like, or is absurdly long.

    Attributes:
        heads: as the user named them; none at all stands for all.
        candidates: parts or programs asked for, a head and round.
        prompt_tokens: most tokens of a prompt, by the estimate.
        answer_tokens: most tokens of an answer, reasoning included.
    """

    model: str
    heads: tuple[str, ...] = ()
    rounds: int = 3
    candidates: int = 8
    prompt_tokens: int = 12_000
    answer_tokens: int = 4000

    def __post_init__(self) -> None:
        if one_line(self.model) != self.model:
            raise InputError(f"{one_line(self.model)!r} is no model's name; give --llm the one its server knows it by")

    @property
    def parameters(self) -> Parameters:
        # Several answers to one question must differ, so the temperature is left to the server's habit.
        return Parameters(self.model, None, self.answer_tokens)

    @property
    def sizes(self) -> list[int]:
        """How many parts or programs each question of a round asks for."""
        count = ceil(self.candidates / PER_QUESTION)
        return [self.candidates // count + (place < self.candidates % count) for place in range(count)]

    @property
    def calls(self) -> int:
        """Most calls of a round for one head: all that is asked for may be sent back once."""
        return len(self.sizes) + self.candidates

    @property
    def measure(self) -> str:
        """How much a head's questions ask for, and in how many words."""
        return f"{self.candidates} parts or programs, {self.prompt_tokens} tokens"

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Plan":
        """What :meth:`to_json` wrote.

        Raises:
            ValueError: it is no plan; the message says why.
        """
        try:
            stored = json.loads(text)
        except RecursionError as error:
            raise ValueError("it is nested too deeply") from error
        if type(stored) is not dict:
            raise ValueError("it is no object")
        for name in ("model", "heads"):
            if name not in stored:
                raise ValueError(f"it lacks {name!r}")
        known = {field.name for field in fields(cls)}
        for name, value in stored.items():
            if name not in known:
                raise ValueError(f"it has an unknown field {name!r}")
            if name == "heads":
                wrong = type(value) is not list or not all(type(head) is str for head in value)
            else:
                wrong = type(value) is not str if name == "model" else type(value) is not int or value < 1
            if wrong:
                raise ValueError(f"{name} is {value!r}")
        return cls(**stored | {"heads": tuple(stored["heads"])})


def stage_name(model: str, round_: int) -> str:
    """What the library calls a round."""
    return f"llm {model} {round_:03d}"


def asks_for_parts(round_: int) -> bool:
    """Whether a round asks for parts of the program there is."""
    return round_ % WHOLE_EVERY != 0
