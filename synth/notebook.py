"""What a run gives a notebook: values that print and show themselves."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from surrogates.errors import InputError
from surrogates.language.text_pattern import TextPattern
from surrogates.library.candidates import Candidate
from surrogates.library.heads import Head
from surrogates.library.ranking import Ranked


@dataclass(frozen=True)
class HeadPrograms:
    """A head's programs, best validation IoU first; an entry by its place is ``run["L3H7"][0]``.

    Attributes:
        ranked: each with its name, program, figures and whether it stands in for the head.
        failures: candidates that were refused or failed.
    """

    head: Head
    ranked: Sequence[Ranked]
    failures: Sequence[Candidate]

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

    def __str__(self) -> str:
        lines = [f"{self.head}: {len(self.ranked)} programs by validation IoU, test figures"]
        for entry in self.ranked:
            mark = " (stands in)" if entry.stands_in else ""
            lines.append(f"{entry.scores.iou:.3f}  {entry.name}{mark}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        headings = ("program", "stands in", "origin", "IoU", "95 %", "cross-entropy", "JSD")
        rows = [_row(entry) for entry in self.ranked]
        table = "".join(f"<th>{heading}</th>" for heading in headings)
        sources = [entry.program.source for entry in self.ranked if entry.stands_in]
        source = "".join(f"<pre>{escape(text)}</pre>" for text in sources)
        return f"<b>{self.head}</b>: test figures<table><tr>{table}</tr>{''.join(rows)}</table>{source}"


def _row(entry: Ranked) -> str:
    scores = entry.scores
    cells = (
        entry.name, "yes" if entry.stands_in else "", entry.candidate.found_by, f"{scores.iou:.3f}",
        f"{scores.iou_low:.3f}–{scores.iou_high:.3f}", f"{scores.cross_entropy:.3f}", f"{scores.jsd:.3f}",
    )  # fmt: skip
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"


@dataclass(frozen=True)
class TextPatterns:
    """A head's pattern on a text beside a program's, and their IoU."""

    head: Head
    of_head: TextPattern
    of_program: TextPattern
    iou: float

    def _repr_html_(self) -> str:
        sides = ((str(self.head), self.of_head), (f"program, IoU {self.iou:.3f}", self.of_program))
        shown = "".join(f"<td><b>{name}</b>{side._repr_html_()}</td>" for name, side in sides)
        return f"<table><tr>{shown}</tr></table>"
