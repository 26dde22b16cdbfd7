"""Clusters of tokens whose input embeddings are alike, as classes of words: ``key.like_dog``.

They are a model's and a run's: found on the words of its texts, named by the most frequent of each, and kept with it.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

PREFIX = "like_"


def is_cluster(name: str) -> bool:
    """Whether a feature of this name would be a cluster."""
    return name.startswith(PREFIX) and name != PREFIX


@dataclass(frozen=True, eq=False)
class Clusters:
    """Which token of a model is in which cluster.

    Attributes:
        names: of the clusters, ``like_dog``.
        places: of each token of the vocabulary the place of its cluster's name, -1 where it is in none: int16.
        vocabulary: tells the texts of the tokens in them from those of another vocabulary.
    """

    names: tuple[str, ...]
    places: np.ndarray
    vocabulary: str = ""

    @classmethod
    def over(cls, names: Sequence[str], places: np.ndarray, texts: Sequence[str]) -> "Clusters":
        """Clusters of the tokens of a vocabulary, whose texts are given."""
        return cls(tuple(names), places, _fingerprint(places, texts))

    def fit(self, texts: Sequence[str]) -> bool:
        """Whether the tokens in them have the texts that they had when they were found."""
        return self.vocabulary == _fingerprint(self.places, texts)

    @property
    def masks(self) -> Mapping[str, np.ndarray]:
        """Of each cluster which tokens are in it, shape (vocabulary,)."""
        return {name: self.places == place for place, name in enumerate(self.names)}

    def same_as(self, other: "Clusters") -> bool:
        """Whether they are the same clusters."""
        return self is other or (self.names == other.names and np.array_equal(self.places, other.places))

    def for_rows(self, rows: int) -> "Clusters":
        """The same for a table of so many tokens: a tokenizer's may be fewer than the model has embeddings for."""
        missing = np.full(max(0, rows - len(self.places)), -1, dtype=np.int16)
        return replace(self, places=np.concatenate([self.places[:rows], missing]))

    def of(self, tokens: np.ndarray) -> "Clusters":
        """The same of some tokens, in their order."""
        if not self.names:
            return self
        return Clusters(self.names, self.places[tokens])


def _fingerprint(places: np.ndarray, texts: Sequence[str]) -> str:
    held = np.flatnonzero(places >= 0).tolist()
    found = hashlib.sha256()
    for token in held:
        found.update(f"{token} {texts[token] if token < len(texts) else None!r}\n".encode())
    return found.hexdigest()[:32]


NO_CLUSTERS = Clusters((), np.zeros(0, dtype=np.int16))
