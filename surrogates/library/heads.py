"""Names of attention heads: L3H7 is head 7 of layer 3, both counted from 0."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sandbox.plain_text import one_line
from surrogates.errors import InputError

# No model has numbers of more digits, and Python does not read those of thousands.
_HEAD = re.compile(r"L(\d{1,9})H(\d{1,9})", re.IGNORECASE)
_LAYERS = re.compile(r"L(\d{1,9})(?:-L?(\d{1,9}))?", re.IGNORECASE)


@dataclass(frozen=True, order=True)
class Head:
    """One attention head. Sorts by layer, then index."""

    layer: int
    index: int

    def __str__(self) -> str:
        return f"L{self.layer}H{self.index}"

    @property
    def folder(self) -> str:
        """Name that sorts in a directory listing: L03H07."""
        return f"L{self.layer:02d}H{self.index:02d}"

    @classmethod
    def parse(cls, text: str) -> "Head":
        """Read ``L3H7``.

        Raises:
            InputError: the text is not a head's name.
        """
        match = _HEAD.fullmatch(text.strip())
        if match is None:
            raise InputError(f"{one_line(text)!r} is not a head; write it as L3H7 (layer 3, head 7, counted from 0)")
        return cls(int(match[1]), int(match[2]))


def select_heads(available: Sequence[Head], wanted: Iterable[str]) -> list[Head]:
    """Heads named by ``L3H7``, ``L3`` and ``L0-L2``, each possibly a comma-separated list; all when nothing is wanted.

    Raises:
        InputError: a part cannot be read, or names no head of the model.
    """
    named = list(wanted)
    parts = [part.strip() for text in named for part in text.split(",") if part.strip()]
    if not parts and named:
        raise InputError(
            f"no head is named by {', '.join(map(repr, named))}; write one as L3H7, or leave it out for all"
        )
    if not parts:
        return sorted(available)
    chosen: set[Head] = set()
    for part in parts:
        if layers := _LAYERS.fullmatch(part):
            low = int(layers[1])
            high = int(layers[2]) if layers[2] else low
            found = {head for head in available if low <= head.layer <= high}
        else:
            found = {Head.parse(part)} & set(available)
        if not found:
            raise no_head(part, available)
        chosen |= found
    return sorted(chosen)


def no_head(wanted: object, available: Sequence[Head]) -> InputError:
    """The line that says that something names no head; ``available`` are those there are, at least one."""
    counts = set(Counter(head.layer for head in available).values())
    uneven = ", not as many in every layer" if len(counts) > 1 else ""
    return InputError(f"there is no head {wanted} here; they go from {min(available)} to {max(available)}{uneven}")
