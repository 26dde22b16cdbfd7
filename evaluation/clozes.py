"""What a masked-language model is asked: a text with one token masked, which it predicts.

The logarithm of a text's pseudo-likelihood is the sum over its tokens, each masked in turn: Salazar et al., Masked
Language Model Scoring, 2020.
"""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Cloze:
    """A text with one token masked.

    Attributes:
        number: of the text among those that are measured.
        text: its token ids as they are.
        place: of the masked token.
        mask: id of the mask token.
    """

    number: int
    text: tuple[int, ...]
    place: int
    mask: int

    def __len__(self) -> int:
        return len(self.text)

    @property
    def ids(self) -> list[int]:
        """What the model reads."""
        return [*self.text[: self.place], self.mask, *self.text[self.place + 1 :]]

    @property
    def target(self) -> int:
        return self.text[self.place]


Text = Sequence[int] | Cloze
"""What a model reads at once: a text whose tokens it predicts from those before, or one with a token masked."""


def predicted(text: Text) -> int:
    """How many tokens of it a model predicts."""
    return 1 if isinstance(text, Cloze) else len(text) - 1


def told(text: Text) -> Sequence[int]:
    """Numbers that tell it from every other one that the same model reads."""
    return [*text.text, text.place, text.mask] if isinstance(text, Cloze) else text


def clozes(texts: Sequence[Sequence[int]], mask: int, special: Collection[int], most: int | None = None) -> list[Cloze]:
    """Each token of texts masked in turn, special ones left out; one of each text first, then a second one, and so on.

    Args:
        texts: token ids.
        mask: id of the mask token.
        special: ids that are not masked.
        most: tokens of a text that are masked; the same ones are drawn every time, and more begin with the same.
    """
    rounds: list[list[Cloze]] = []
    for number, text in enumerate(texts):
        places = [place for place, token in enumerate(text) if token not in special]
        random.Random(f"{list(text)}").shuffle(places)
        for turn, place in enumerate(places[:most]):
            if turn == len(rounds):
                rounds.append([])
            rounds[turn].append(Cloze(number, tuple(text), place, mask))
    return [cloze for found in rounds for cloze in found]
