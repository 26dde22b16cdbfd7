"""What `weights` computes: a number for each token, the sum of what its text and its classes weigh."""

from typing import TYPE_CHECKING

from surrogates.language.backend import Array

if TYPE_CHECKING:
    from surrogates.language.features import Texts


def word_weights(
    texts: "Texts", words: tuple[str, ...], classes: tuple[str, ...], values: Array, shift: int = 0
) -> Array:
    """The weight of the tokens ``shift`` places to the left, float32, shape (b, n); 0 where there is none.

    Args:
        texts: the batch.
        words: texts of tokens, each of which has the first values in their order.
        classes: names of mask features, which have the others.
        values: shape (words + classes,).

    Raises:
        FeatureUnavailable: a class would tell a causal model of the future.
    """
    backend, count = texts.backend, len(words)
    found = []
    if words:
        # The first place is that of tokens without a word of their own.
        found.append(backend.take(backend.after_zero(values[:count]), _places(texts, words, shift)))
    if classes:
        found.append((_holding(texts, classes, shift) * values[count:]).sum(-1))
    return found[0] if len(found) == 1 else found[0] + found[1]


def _places(texts: "Texts", words: tuple[str, ...], shift: int) -> Array:
    """Each token's place among the words from 1, else 0: whole numbers, shape (b, n)."""

    def compute() -> Array:
        places = texts.backend.lookup(texts.table.places(words), texts.entries)
        return texts.backend.whole(texts.shifted(places * texts.mask, shift))

    return texts.keep(("places", words, shift), compute)


def _holding(texts: "Texts", classes: tuple[str, ...], shift: int) -> Array:
    """Whether each class holds for each token: 0.0 and 1.0, shape (b, n, classes)."""

    def compute() -> Array:
        return texts.backend.number(texts.backend.stack([texts.token(name, shift) for name in classes]))

    return texts.keep(("classes", classes, shift), compute)
