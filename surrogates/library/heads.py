"""Names of attention heads: L3H7 is head 7 of layer 3, both counted from 0."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from surrogates.errors import InputError

_HEAD = re.compile(r"L(\d+)H(\d+)", re.IGNORECASE)
_LAYERS = re.compile(r"L(\d+)(?:-L?(\d+))?", re.IGNORECASE)


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
            raise InputError(f"{text!r} is not a head; write it as L3H7 (layer 3, head 7, counted from 0)")
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
            last = max(available)
            raise InputError(f"there is no head {part} here; they go from {min(available)} to {last}")
        chosen |= found
    return sorted(chosen)
