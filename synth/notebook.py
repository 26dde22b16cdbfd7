"""What a run gives a notebook: values that print and show themselves."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from surrogates.errors import InputError
from surrogates.language.text_pattern import TextPattern
from surrogates.library.candidates import Candidate, Ceiling
from surrogates.library.heads import Head
from surrogates.library.ranking import Ranked
from synth.categories import HeadKind


@dataclass(frozen=True, repr=False)
class HeadPrograms:
    """A head's programs, best validation IoU first; an entry by its place is ``run["L3H7"][0]``.

    Attributes:
        ranked: each with its name, program, figures and whether it stands in for the head.
        failures: candidates that were refused or failed.
        ceiling: what an additive model with full tables reaches, where that is known.
        kind: what its category follows from: shares of kinds of parts, and scores.
        page: makes the page of the head alone, as HTML that a notebook shows.
    """

    head: Head
    ranked: Sequence[Ranked]
    failures: Sequence[Candidate]
    ceiling: Ceiling | None
    kind: HeadKind
    page: Callable[[], str] = field(compare=False)

    @property
    def category(self) -> str | None:
        """What kind of head it is, in words; None where an earlier version searched."""
        return self.kind.category

    @property
    def surrogate(self) -> Ranked:
        """The one that stands in for the head, whose figures are shown of it.

        Raises:
            InputError: no program of the head has scores.
        """
        for entry in self.ranked:
            if entry.stands_in:
                return entry
        raise InputError(f"no program of {self.head} has scores; see why in its failures")

    def __getitem__(self, place: int) -> Ranked:
        return self.ranked[place]

    def __iter__(self) -> Iterator[Ranked]:
        return iter(self.ranked)

    def __len__(self) -> int:
        return len(self.ranked)

    def __repr__(self) -> str:
        lines = [f"{self.head}: {len(self.ranked)} programs by validation IoU, test figures{self._reached}"]
        lines += self.kind.lines
        for entry in self.ranked:
            mark = " (stands in)" if entry.stands_in else ""
            lines.append(f"{entry.scores.iou:.3f}  {entry.name}{mark}")
        return "\n".join(lines)

    @property
    def _reached(self) -> str:
        return f", ceiling {self.ceiling.iou:.3f}" if self.ceiling else ""

    def _repr_html_(self) -> str:
        headings = ("program", "stands in", "origin", "parts", "literals", "IoU", "95 %", "cross-entropy", "JSD")
        rows = [
            (entry.name, "yes" if entry.stands_in else "", entry.candidate.found_by, *_sizes(entry), *_figures(entry),
             f"{entry.scores.cross_entropy:.3f}", f"{entry.scores.jsd:.3f}")
            for entry in self.ranked
        ]  # fmt: skip
        page = self.page() if self.ranked else ""
        kind = "".join(f"<br>{escape(line)}" for line in self.kind.lines)
        return f"<b>{self.head}</b>: test figures{self._reached}{kind}{html_table(headings, rows)}{page}"


def library_html(
    surrogates: Mapping[Head, Ranked], ceilings: Mapping[Head, Ceiling], kinds: Mapping[Head, HeadKind]
) -> str:
    """The program that stands in for each head, as a table."""
    rows = [
        (str(head), *_figures(entry), f"{ceilings[head].iou:.3f}" if head in ceilings else "", *_sizes(entry),
         entry.candidate.found_by, kinds[head].category or "", entry.program.hypothesis)
        for head, entry in surrogates.items()
    ]  # fmt: skip
    return html_table(("head", "IoU", "95 %", "ceiling", "parts", "literals", "origin", "category", "hypothesis"), rows)


def _sizes(entry: Ranked) -> tuple[str, str]:
    program = entry.program
    return "scripted" if program.kind == "scripted" else str(program.parts), str(program.literals)


def _figures(entry: Ranked) -> tuple[str, str]:
    scores = entry.scores
    return f"{scores.iou:.3f}", f"{scores.iou_low:.3f}–{scores.iou_high:.3f}"


def html_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """An HTML table; the cells are text."""
    cell = '<{0} style="text-align:left;padding:0 10px 0 0">{1}</{0}>'
    head = "".join(cell.format("th", escape(heading)) for heading in headings)
    body = "".join(f"<tr>{''.join(cell.format('td', escape(text)) for text in row)}</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


@dataclass(frozen=True, repr=False)
class TextPatterns:
    """A head's pattern on a text beside a program's, and their IoU."""

    head: Head
    of_head: TextPattern
    of_program: TextPattern
    iou: float

    def __repr__(self) -> str:
        return f"TextPatterns({self.head} on {len(self.of_head.tokens)} tokens, IoU {self.iou:.3f})"

    def _repr_html_(self) -> str:
        sides = ((str(self.head), self.of_head), (f"program, IoU {self.iou:.3f}", self.of_program))
        shown = "".join(f"<div><b>{name}</b>{side._repr_html_()}</div>" for name, side in sides)
        # Side by side where there is room: queries down, keys across.
        return f'<div style="display:flex;flex-wrap:wrap;gap:24px">{shown}</div>'
