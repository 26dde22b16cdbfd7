"""Finds clusters of words among the input embeddings of a model: classes that no list of ours has."""

import unicodedata
from collections import Counter
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from surrogates.language.clusters import NO_CLUSTERS, PREFIX, Clusters
from surrogates.language.tokens import TokenTable
from synth.k_means import grouped

MOST = 24
"""Clusters: with twice as many, programs were no better."""
_WORDS_EACH = 8
"""Fewest words for each on average."""
_ROWS = 16_384
"""Tokens whose embeddings are looked at together, which bounds memory for large vocabularies."""


def word_clusters(table: TokenTable, embeddings: Tensor, texts: Sequence[Sequence[int]]) -> Clusters:
    """Clusters of the tokens that some texts hold; every other token of the vocabulary belongs to the nearest.

    Args:
        table: facts of the vocabulary.
        embeddings: the model's input embeddings, shape (vocabulary, width).
        texts: token ids of the training texts.
    """
    counts = Counter(token for tokens in texts for token in tokens)
    special = table.columns["is_special"]
    used = sorted(token for token in counts if not special[token])
    if len(used) < 2 * _WORDS_EACH:
        return NO_CLUSTERS
    own = embeddings[torch.tensor(used)].float().cpu()
    middle = own.mean(0)
    own = normalize(own - middle)
    groups = grouped(own.numpy(), min(MOST, len(used) // _WORDS_EACH), seed=0)
    centres = normalize(torch.stack([own[group].mean(0) for group in groups]))
    nearest = np.concatenate(
        [((some.float().cpu() - middle) @ centres.T).argmax(1).numpy() for some in embeddings.split(_ROWS)]
    )
    for place, group in enumerate(groups):
        nearest[[used[row] for row in group]] = place
    nearest[special] = -1
    names: list[str] = []
    places = np.full(len(nearest), -1, dtype=np.int16)
    for place, group in enumerate(groups):
        members = sorted((used[row] for row in group), key=lambda token: (-counts[token], token))
        name = next((name for token in members if (name := _name(table.texts[token])) not in ("", *names)), "")
        if name:  # a cluster of marks has none; there are classes for those
            places[nearest == place] = len(names)
            names.append(name)
    return Clusters.over(names, places, table.texts)


def _name(word: str) -> str:
    """What a cluster with the word is called; nothing where the word makes no name."""
    name = f"{PREFIX}{word}"
    return name if name.isidentifier() and unicodedata.normalize("NFKC", name) == name else ""
