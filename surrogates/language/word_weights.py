"""What `weights` computes: a number for each token, the sum of what its text and its classes weigh."""

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from surrogates.language.backend import Array, Backend
from surrogates.language.vocabulary import CLASSES, TOKEN_FEATURES

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
        # Those of all classes there are, 0 of most: so one matrix serves all programs.
        found.append(_holding(texts, shift) @ backend.take(backend.after_zero(values[count:]), _order(texts, classes)))
    return found[0] if len(found) == 1 else found[0] + found[1]


def _places(texts: "Texts", words: tuple[str, ...], shift: int) -> Array:
    """Each token's place among the words from 1, else 0: whole numbers, shape (b, n)."""

    def compute() -> Array:
        places = texts.table.on(texts.ids, ("places", words), lambda table: table.places(words))[texts.entries]
        return texts.backend.whole(texts.shifted(places * texts.mask, shift))

    return texts.keep(("places", words, shift), compute)


def _holding(texts: "Texts", shift: int) -> Array:
    """Whether each class holds for each token: 0.0 and 1.0, shape (b, n, classes)."""

    def compute() -> Array:
        return texts.backend.number(texts.backend.stack([texts.token(name, shift) for name in _known(texts)]))

    return texts.keep(("classes", shift), compute)


def _order(texts: "Texts", classes: tuple[str, ...]) -> Array:
    """Each class's place among some of them from 1, else 0: whole numbers, shape (classes,)."""
    for name in set(classes).difference(_known(texts)):
        texts.token(name)  # which says why there is none
    return _placed(texts.backend, getattr(texts.ids, "device", None), classes, _known(texts))


@lru_cache(maxsize=4096)
def _placed(backend: Backend, device: Any, classes: tuple[str, ...], known: tuple[str, ...]) -> Array:
    places = [classes.index(name) + 1 if name in classes else 0 for name in known]
    return backend.array(np.array(places, dtype=np.int32), device)


def _known(texts: "Texts") -> tuple[str, ...]:
    """The classes that have a value for a model, clusters of a run's words among them."""
    return _classes(texts.causal) + texts.table.clusters


@cache
def _classes(causal: bool) -> tuple[str, ...]:
    return tuple(name for name in CLASSES if not (causal and TOKEN_FEATURES[name].encoders_only))
