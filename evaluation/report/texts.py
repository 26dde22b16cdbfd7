"""Texts as the page has them: their tokens, and what programs see of these."""

from typing import Any

import numpy as np

from surrogates.language.backend import as_numpy
from surrogates.language.features import Texts
from surrogates.language.token_features import NUMBERS
from surrogates.language.vocabulary import CLASSES, TOKEN_FEATURES

SIMILARITY_SCALE = 32767
"""What a cosine of 1 travels as."""


def mask_names(causal: bool, clusters: tuple[str, ...]) -> list[str]:
    """The masks of tokens that have a value for a model, clusters of a run's words behind the others."""
    return [*(name for name in CLASSES if not (causal and TOKEN_FEATURES[name].encoders_only)), *clusters]


def number_names() -> list[str]:
    """The numbers of tokens: features, and ``word`` and ``sentence``, which count these from the text's start.

    A token's index is not among them: it is the token's place.
    """
    return [name for name in NUMBERS if name != "index"]


def text_value(texts: Texts, row: int, tokens: int | None = None) -> dict[str, Any]:
    """One text of a batch as the page has it, its padding left out.

    Args:
        texts: the batch.
        row: of the text in it.
        tokens: how many are held, those that come first; what is known of them is as in the whole text.

    Returns:
        ``tokens``, the strings programs see; ``before``, 1 where a word starts other than with the text; ``ids``;
        ``masks``, 0 and 1, names × tokens, and ``numbers``, float32, in the same way (see `mask_names` and
        `number_names`); ``similarity``, the lower triangle of the cosines row by row, × `SIMILARITY_SCALE`, None where
        the model's input embeddings are not at hand. Arrays are flat.
    """
    real = np.flatnonzero(as_numpy(texts.mask)[row])[:tokens]

    def of(values: Any) -> np.ndarray:
        found = as_numpy(values)
        # What is the same in every text of a batch may be computed for one.
        return np.broadcast_to(found, (len(texts.ids), *found.shape[1:]))[row][real]

    masks = [of(texts.token_mask(name)) for name in mask_names(texts.causal, texts.table.clusters)]
    numbers = [of(texts.number(name)) for name in number_names()]
    starts = of(texts.token_mask("is_word_start")) & (of(texts.number("index")) > 0)
    return {
        "tokens": [texts.table.texts[entry] for entry in of(texts.entries)],
        "before": starts.astype(np.uint8),
        "ids": of(texts.ids).astype(np.int32),
        "masks": np.concatenate(masks).astype(np.uint8),
        "numbers": np.concatenate(numbers).astype(np.float32),
        "similarity": _similarity(texts, of(texts.ids)),
    }


def _similarity(texts: Texts, ids: np.ndarray) -> np.ndarray | None:
    if texts.table.embeddings is None:
        return None
    vectors = texts.table.embeddings[ids]
    lower = (vectors @ vectors.T)[np.tril_indices(len(ids))]
    return np.rint(np.clip(lower, -1, 1) * SIMILARITY_SCALE).astype(np.int16)
