"""How faithful a program is to a head on a run's test texts, beside the head's ceiling and what explains nothing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from evaluation.baselines import BASELINES
from evaluation.faithfulness import (
    ClassFigures,
    DistanceFigures,
    Figures,
    PatternPair,
    QueryFigures,
    measure_faithfulness,
    worst_queries,
)
from evaluation.similarity import Compared, Reference
from surrogates.language.patterns import scores
from surrogates.language.program import Program
from surrogates.language.vocabulary import CLASSES, TOKEN_FEATURES
from surrogates.library.candidates import Ceiling
from surrogates.library.heads import Head
from synth.corpus import SplitText
from synth.faithfulness_tables import Table, tables_of
from synth.fitting.scoring import pattern_or_nothing
from synth.material import Batch, HeadData
from synth.notebook import html_table
from synth.progress import Reporter, Step
from synth.run import Run

WORST_QUERIES = 5
"""Queries of the worst text that are shown."""
_AT_ONCE = 8
"""Texts between two steps of progress."""
_BEGINNING = 60
"""Characters of a text that are kept."""


@dataclass(frozen=True)
class TextFigures:
    """A test text: its number in the run, how it begins, and its IoU."""

    number: int
    beginning: str
    iou: float


@dataclass(frozen=True, repr=False)
class HeadFaithfulness:
    """How faithful a program is to a head, on test texts.

    Attributes:
        overall: its figures over all queries, as the library has them.
        ceiling: the IoU of an additive model with full tables, where that is known.
        baselines: the figures of the programs "uniform", "first" and "previous", which explain nothing.
        classes: the figures by class of the query, in the vocabulary's classes; a query may be in several.
        distances: where attention lies by distance, which is negative where the key comes later.
        texts: all of them, those of lowest IoU first.
        worst_queries: of the first of these; none where the program failed on it.
        failed: texts on which the program failed, which count as if it attended to nothing.
    """

    head: Head
    program: Program
    overall: Figures
    ceiling: float | None
    baselines: Mapping[str, Figures]
    classes: tuple[ClassFigures, ...]
    distances: tuple[DistanceFigures, ...]
    texts: tuple[TextFigures, ...]
    worst_queries: tuple[QueryFigures, ...]
    failed: int

    @property
    def tables(self) -> list[Table]:
        """The figures as people read them."""
        return tables_of(self)

    def __repr__(self) -> str:
        iou = self.overall.iou
        return f"HeadFaithfulness({self.head}, IoU {iou.mean:.3f} ({iou.low:.3f}–{iou.high:.3f}))"

    def _repr_html_(self) -> str:
        return "".join(
            f"<p>{table.title}</p>{html_table([heading for heading, _ in table.columns], table.rows)}"
            for table in self.tables
        )


def faithfulness(
    run: Run, head: str | Head, program: Program | str | None = None, *, reporter: Reporter | None = None
) -> HeadFaithfulness:
    """Compare a head's patterns on the run's test texts with a program's.

    Args:
        run: the run.
        head: such as ``L3H7``.
        program: it, or its source; by default the one that stands in for the head.
        reporter: where progress is shown of a scripted program, which may take a second a text.

    Raises:
        InputError: the model does not have the head, the source is no program, or patterns of test texts are missing.
    """
    wanted = run.head(head)
    chosen = run.program_for(wanted, program)
    of_head = HeadData(run.material, wanted), chosen, run.ceilings.get(wanted), beginnings(run.texts)
    if chosen.kind == "vectorised":
        return head_faithfulness(*of_head)
    with (reporter or Reporter()).stage(f"{chosen.name} on test texts") as step:
        return head_faithfulness(*of_head, step)


def beginnings(texts: Sequence[SplitText]) -> list[str]:
    """How each text begins."""
    return [_beginning(text.text) for text in texts]


def head_faithfulness(
    data: HeadData, program: Program, ceiling: Ceiling | None, begin: Sequence[str], step: Step | None = None
) -> HeadFaithfulness:
    """The same of a head whose patterns are at hand.

    Args:
        data: of the head.
        program: of what.
        ceiling: of the head, where that is known.
        begin: how each text of the run begins.
        step: is told how many test texts are done.
    """
    numbers = data.material.splits["test"]
    found = measure_faithfulness(_pairs(data, program, step))
    texts = [TextFigures(number, begin[number], float(iou)) for number, iou in zip(numbers, found.ious, strict=True)]
    texts.sort(key=lambda text: (text.iou, text.number))
    return HeadFaithfulness(
        data.head,
        program,
        found.overall,
        ceiling.iou if ceiling else None,
        found.beside,
        found.classes,
        found.distances,
        tuple(texts),
        _worst_queries(data, program, texts[0].number),
        found.failed,
    )


def _pairs(data: HeadData, program: Program, step: Step | None) -> Iterator[PatternPair]:
    """On all test texts; with ``step``, which is told how many are done, few at a time."""
    numbers = data.material.splits["test"]
    names = [name for name in CLASSES if not (data.material.causal and TOKEN_FEATURES[name].encoders_only)]
    done, at_once = 0, _AT_ONCE if step else len(numbers)
    for start in range(0, len(numbers), at_once):
        for batch in data.batches(numbers[start : start + at_once]):
            classes = {name: batch.texts.token(name) for name in names}
            own = pattern_or_nothing(program, batch)
            yield PatternPair(own, batch.target, batch.visible, classes, compare_baselines(batch))
            done += len(batch.target)
            if step:
                step(done, len(numbers))


def compare_baselines(batch: Batch) -> dict[str, Compared]:
    """What explains nothing beside a head's patterns."""
    reference = Reference(batch.target, batch.visible)
    return {name: reference.compare(scores(program, batch.texts)) for name, program in BASELINES.items()}


def _worst_queries(data: HeadData, program: Program, number: int) -> tuple[QueryFigures, ...]:
    (batch,) = data.batches([number])
    found = pattern_or_nothing(program, batch)[0]
    tokens = data.material.table.spell(data.material.ids[number])
    return worst_queries(found, batch.target[0], tokens, WORST_QUERIES) if found.any() else ()


def _beginning(text: str) -> str:
    return text if len(text) <= _BEGINNING else text[: _BEGINNING - 1] + "…"
