"""Programs proposed for a head, and how they fared."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from sandbox.verdicts import Verdict
from surrogates.errors import InputError
from surrogates.language.clusters import NO_CLUSTERS, Clusters
from surrogates.language.program import Program, ProgramRefused

Origin = Literal["search", "shared", "transfer", "llm", "hand"]


@dataclass(frozen=True)
class Scores:
    """Figures of a program on one head; test figures unless they say train or validation.

    Cross-entropies are nats a query row; ``jsd`` is the Jensen-Shannon distance, base 2; ``iou_low`` and ``iou_high``
    bound the 95 % bootstrap interval of the mean over test texts.
    """

    train_iou: float
    validation_iou: float
    validation_cross_entropy: float
    iou: float
    iou_low: float
    iou_high: float
    cross_entropy: float
    jsd: float


@dataclass(frozen=True)
class Ceiling:
    """Mean IoU of a head's dense additive model, which no program of such parts is expected to pass.

    Attributes:
        iou: on test texts.
        shares: how much of what the model explains each of its parts carries, which add up to one.
        groups: the same of the kinds of parts that people speak of, by their names; empty where an earlier version
            searched.
        model: its values, as whoever fitted it wrote them.
    """

    validation_iou: float
    iou: float
    shares: tuple[float, ...] = field(default=(), repr=False)
    model: bytes = field(default=b"", repr=False)
    groups: Mapping[str, float] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Candidate:
    """A program proposed for a head, and how it fared.

    Attributes:
        label: what to call it in file names: letters, digits and underscores.
        scores: None when the program was refused or failed; ``verdict`` and ``reason`` say how. A program that failed
            on test texts alone has both scores and a verdict other than ok.
        model: of ``llm`` which language model wrote it, of ``transfer`` whose library it comes from.
        round: of ``llm``, from 1.
        call: of ``llm``, the key of the answer that held it.
        clusters: of words, that its program is to come with.
    """

    origin: Origin
    label: str
    source: str
    scores: Scores | None
    verdict: Verdict = Verdict.OK
    reason: str = ""
    model: str = ""
    round: int = 0
    call: str = ""
    clusters: Clusters = field(default=NO_CLUSTERS, repr=False, compare=False)

    @cached_property
    def program(self) -> Program:
        """Parsed when asked for, which takes a millisecond or two.

        Raises:
            InputError: the library was changed by other means, and this is no program.
        """
        try:
            return replace(Program.parse(self.source), clusters=self.clusters)
        except ProgramRefused as error:
            raise InputError(
                f"the library holds a program that cannot be read, {self.label}: {error}; put a copy of it back"
            ) from error

    @property
    def train_iou(self) -> float:
        """Mean IoU on train texts; 0 where there are no scores."""
        return self.scores.train_iou if self.scores else 0.0

    @property
    def at_hand(self) -> Program | None:
        """The program, if it was parsed."""
        return self.__dict__.get("program")

    def holding(self, program: Program) -> "Candidate":
        """This candidate with another program, which need not be parsed again."""
        found = replace(self, source=program.source)
        found.__dict__["program"] = program
        return found

    @property
    def found_by(self) -> str:
        """Where it comes from, in words: ``search``, ``llm round 2, gpt-5-mini``, ``transfer from gpt2``."""
        if self.origin == "llm":
            return f"llm round {self.round}, {self.model}"
        return f"transfer from {self.model}" if self.origin == "transfer" else self.origin


@dataclass(frozen=True)
class Unusable:
    """A question that brought no program, or a part of an answer that held none.

    Attributes:
        round: in which it was asked.
        call: key of the answer, if there was one.
    """

    kind: str
    reason: str
    round: int
    call: str = ""


def label_of(text: str) -> str:
    """A text as a label, at most 40 characters."""
    label = re.sub(r"\W+", "_", text.lower(), flags=re.ASCII).strip("_")
    return label[:40].rstrip("_") or "program"
