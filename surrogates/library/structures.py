"""Structures and the heads that they serve: few structures, many heads."""

from dataclasses import dataclass

from surrogates.language.program import Kind
from surrogates.library.heads import Head


@dataclass(frozen=True)
class Use:
    """A structure's best program on a head, by its mean IoU on validation texts."""

    source: str
    constants: dict[str, float]
    validation_iou: float


@dataclass(frozen=True, repr=False)
class Structure:
    """What programs share that differ in their constants alone.

    Attributes:
        parts: how many summands it has; a scripted one is one part.
        literals: numbers and strings in its source.
        nodes: size of its syntax tree, in the first of its programs: a minus before a fitted value counts.
        families: of the features in it, in alphabetical order.
        uses: by head.
    """

    kind: Kind
    parts: int
    literals: int
    nodes: int
    families: tuple[str, ...]
    uses: dict[Head, Use]

    def __repr__(self) -> str:
        best = max(use.validation_iou for use in self.uses.values())
        what = f"{self.parts} part{'s' * (self.parts != 1)}" if self.kind == "vectorised" else self.kind
        return f"<{what} of {', '.join(self.families)} on {len(self.uses)} heads, validation IoU up to {best:.3f}>"
