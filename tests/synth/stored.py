"""What an attention store holds, a layer at a time."""

from collections.abc import Sequence

import numpy as np

from surrogates.library.heads import Head
from synth.attention import AttentionStore

_HEADS = 4  # in each layer of a tiny model


def read_layer(store: AttentionStore, layer: int, texts: Sequence[int]) -> np.ndarray:
    """The patterns of all heads of a tiny model's layer: shape (heads, texts, n, n)."""
    return np.stack([store.read(Head(layer, index), texts) for index in range(_HEADS)])
