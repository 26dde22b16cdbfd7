"""How much of a run a page holds: as much as keeps the file within its limit."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

LIMIT = 40_000_000
"""Bytes of a page, at most."""
_TEXTS = (8, 6, 4, 2, 1)
_LEVELS = (255, 127, 63)
_PROGRAMS = 5
_TOKENS = (512, 256, 128, 64, 32)


@dataclass(frozen=True)
class Detail:
    """What a page holds of each head.

    Attributes:
        levels: of a weight in a pattern.
        programs: most programs; all where it is None.
        texts: of the test texts that every head has, the number.
        own: whether it also has the texts on which it is worst and best.
        tokens: what texts are cut to; None where they are whole.
    """

    levels: int = _LEVELS[0]
    programs: int | None = None
    texts: int = _TEXTS[0]
    own: bool = True
    tokens: int | None = None

    @property
    def of_head(self) -> int:
        """Texts of a head whose patterns are held, at most."""
        return self.texts + 2 * self.own

    def notices(self) -> list[str]:
        """What is left out, a sentence each."""
        found = []
        if self != Detail():
            found.append(f"With all patterns this page would be larger than {LIMIT // 1_000_000} MB; it is thinned.")
        if self.levels < _LEVELS[0]:
            found.append(f"Patterns are shown in {self.levels} levels of a weight's root instead of {_LEVELS[0]}.")
        if self.programs is not None:
            found.append(
                f"Of each head at most {self.programs} programs are held: the one that stands in, the best of one "
                "part, and others of the front; `headsynth inspect` has all."
            )
        if self.texts < _TEXTS[0]:
            found.append(f"Patterns are held of {self.texts} test text{'s' * (self.texts > 1)} instead of {_TEXTS[0]}.")
        if not self.own:
            found.append("Patterns of each head's worst and best text are left out.")
        if self.tokens is not None:
            found.append(
                f"Patterns are shown on the first {self.tokens} tokens of a text; where a query also sees later ones, "
                "its weights are made to sum to what they do on all."
            )
        return found


def details(longest: int) -> Iterator[Detail]:
    """From all to little, in the order in which things are left out.

    Args:
        longest: tokens of the longest text.
    """
    detail = Detail()
    yield detail
    for levels in _LEVELS[1:]:
        detail = replace(detail, levels=levels)
        yield detail
    detail = replace(detail, programs=_PROGRAMS)
    yield detail
    detail = replace(detail, own=False)
    yield detail
    for texts in _TEXTS[1:]:
        detail = replace(detail, texts=texts)
        yield detail
    for tokens in _TOKENS:
        if tokens < longest:
            detail = replace(detail, tokens=tokens)
            yield detail
