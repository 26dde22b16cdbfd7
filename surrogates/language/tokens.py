"""What is known of a token from its string alone: one row for each id of a tokenizer.

A character may take several tokens, as where each is a byte. A token that begins inside a character is known together
with the bytes before it: the one that completes a character has the character's facts, those before it the facts of
most characters that begin so.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from secrets import token_bytes
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch

from surrogates.errors import InputError
from surrogates.language import characters
from surrogates.language.backend import TORCH, Array
from surrogates.language.characters import beginning, ending, parts, spelled, stand_in
from surrogates.language.clusters import Clusters, is_cluster
from surrogates.language.spelling import Piece, pieces_of, size_of, spaced
from surrogates.language.word_classes import WORD_CLASSES

READING = 4
"""Counts the ways in which facts have been read of tokens: what was measured by another is not comparable."""
_KEPT_BYTES = 64 << 20
"""Bytes of places among strings that a table keeps, and of tensors that devices keep of it besides embeddings."""


@dataclass(frozen=True, eq=False)
class TokenTable:
    """Facts of every token id.

    Attributes:
        texts: the strings programs see, one an id; never empty. Bytes that are no whole character read ``<0xE2>``.
        columns: name of a fact to its values, shape (rows,); masks are bool, numbers float32. Facts that are no
            features: ``is_wordlike``, part of a word; ``opens_word``, a word starts with it whatever comes before;
            ``joins``, none ever does; ``goes_on``, it belongs to the word of the token before it, whatever that is;
            ``closes_word``, no word goes on after it. Clusters of a run's words are columns, too.
        broken: bytes of the ids that begin or end inside a character.
        embeddings: rows of unit length, shape (vocabulary, width), or None when the model's are not at hand.
        serial: tells tables apart, and is the same in copies, those in other processes too.
    """

    texts: tuple[str, ...]
    columns: dict[str, np.ndarray]
    broken: Mapping[int, bytes] = field(default_factory=dict)
    embeddings: np.ndarray | None = None
    serial: bytes = field(default_factory=lambda: token_bytes(8), repr=False)
    _parts: "tuple[TokenTable, TokenTable] | None" = field(default=None, repr=False)
    _places: dict[tuple[str, ...], np.ndarray] = field(default_factory=dict, repr=False)
    _held: dict[tuple[Hashable, torch.device | None], Array] = field(default_factory=dict, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_held": {}}  # what lies on a device stays there

    def on(self, like: Array, what: Hashable, compute: "Callable[[TokenTable], np.ndarray]") -> Array:
        """Something of each row, as an array of the kind and on the device of another; made once.

        Args:
            like: an array.
            what: tells what is computed from all else.
            compute: makes it of a table, shape (rows,).
        """
        if self._parts is not None:
            found = [part.on(like, what, compute) for part in self._parts]
            return torch.cat(found) if isinstance(like, torch.Tensor) else np.concatenate(found)
        device = like.device if isinstance(like, torch.Tensor) else None
        if (what, device) not in self._held:
            made = compute(self) if device is None else TORCH.array(compute(self), device)
            if sum(own.nbytes for own in self._held.values()) + made.nbytes > _KEPT_BYTES:
                self._held.clear()
            self._held[what, device] = made
        return self._held[what, device]

    def embeddings_on(self, like: Array) -> Array:
        """The embeddings, where there are any, in the same way."""
        table = self if self._parts is None else self._parts[0]
        return table.on(like, "embeddings", lambda own: own.embeddings)  # type: ignore[arg-type, return-value]

    def one_of(self, strings: tuple[str, ...]) -> np.ndarray:
        """Mask over the rows whose text is one of the strings, shape (rows,)."""
        return self.places(strings) > 0

    def places(self, strings: tuple[str, ...]) -> np.ndarray:
        """Of each row the place of its text among the strings, counted from 1; 0 where it is none: int8, (rows,)."""
        if self._parts is not None:
            return np.concatenate([part.places(strings) for part in self._parts])
        if strings not in self._places:
            if (len(self._places) + 1) * len(self.texts) > _KEPT_BYTES:
                self._places.clear()
            place = {string: number for number, string in enumerate(strings, start=1)}
            self._places[strings] = np.fromiter((place.get(text, 0) for text in self.texts), np.int8, len(self.texts))
        return self._places[strings]

    def in_context(self, ids: np.ndarray, mask: np.ndarray | None = None) -> "tuple[TokenTable, np.ndarray]":
        """The facts of tokens in their texts, where one may complete a character that others began.

        Args:
            ids: token ids, shape (b, n).
            mask: True at real tokens, shape (b, n); None when nothing is padded.

        Returns:
            A table whose first rows are those of the ids, and each token's row in it, shape (b, n).
        """
        if self._parts is not None:
            return self._parts[0].in_context(ids, mask)
        inside, begun = self._edges
        places = np.argwhere(np.isin(ids, inside)) if len(inside) else ()
        rows, begun = ids.copy() if len(places) else ids, dict(begun) if len(places) else begun
        found: dict[tuple[bytes, int], int] = {}
        for text, place in places:  # from left to right in each text
            alone = not place or (mask is not None and not mask[text, place - 1])
            before = None if alone else begun.get(int(rows[text, place - 1]))
            if before is None:
                continue
            token = int(ids[text, place])
            row = found.setdefault((before, token), len(self.texts) + len(found))
            if left := ending(before + self.broken[token]):
                begun[row] = left
            rows[text, place] = row
        return (self._with_rows(list(found)) if found else self), rows

    def has_inside(self, ids: np.ndarray) -> bool:
        """Whether any of some tokens begins inside a character."""
        return not self._insides.isdisjoint(ids.tolist())

    @cached_property
    def _insides(self) -> frozenset[int]:
        return frozenset(self._edges[0].tolist())

    def spell(self, ids: Sequence[int]) -> tuple[str, ...]:
        """The strings programs see of the tokens of a text."""
        table, rows = self.in_context(np.asarray([ids], dtype=np.int64))
        return tuple(table.texts[row] for row in rows[0])

    def subset(self, ids: Sequence[int], embeddings: np.ndarray | None = None) -> "TokenTable":
        """The rows of some ids, in their order, with these ids' input embeddings, shape (ids, width)."""
        rows = np.asarray(ids, dtype=np.int64)
        columns = {name: values[rows] for name, values in self.columns.items()}
        broken = {place: self.broken[token] for place, token in enumerate(ids) if token in self.broken}
        return TokenTable(tuple(self.texts[token] for token in ids), columns, broken, _unit_rows(embeddings))

    @cached_property
    def clusters(self) -> tuple[str, ...]:
        """Names of the clusters that its tokens may be in."""
        return tuple(filter(is_cluster, self.columns))

    def with_clusters(self, clusters: Clusters) -> "TokenTable":
        """The table with clusters of its tokens, which are as many as its rows."""
        columns = self.columns | dict(clusters.masks)
        return TokenTable(self.texts, columns, self.broken, self.embeddings)

    def same_facts(self, other: "TokenTable") -> bool:
        """Whether programs see the same in both tables, embeddings aside."""
        same = self.texts == other.texts and self.broken == other.broken
        return same and all(np.array_equal(values, other.columns[name]) for name, values in self.columns.items())

    @cached_property
    def _edges(self) -> tuple[np.ndarray, dict[int, bytes]]:
        """The ids that begin inside a character, and the bytes with which others begin one and do not complete it."""
        inside = [token for token, data in self.broken.items() if beginning(data)]
        begun = {token: left for token, data in self.broken.items() if (left := ending(data))}
        return np.array(inside, dtype=np.int64), begun

    def _with_rows(self, found: Sequence[tuple[bytes, int]]) -> "TokenTable":
        """The table with rows behind it for tokens, each after bytes of a character that others began."""
        closes = self.columns["closes_word"]
        more = _table([_inside(before, self.broken[token], bool(closes[token])) for before, token in found])
        # What completes a character is in no cluster: embeddings are of tokens, whatever comes before.
        nothing = np.zeros(len(found), dtype=bool)
        more = TokenTable(more.texts, {name: more.columns.get(name, nothing) for name in self.columns})
        columns = {name: np.concatenate([values, more.columns[name]]) for name, values in self.columns.items()}
        texts = self.texts + more.texts
        return TokenTable(texts, columns, self.broken, self.embeddings, serial=self.serial, _parts=(self, more))

    @classmethod
    def from_tokenizer(cls, tokenizer: object, size: int, embeddings: np.ndarray | None = None) -> "TokenTable":
        """Read the strings of a Hugging Face tokenizer.

        Args:
            tokenizer: the model's tokenizer.
            size: rows of the model's input embedding, which may exceed the tokenizer's vocabulary.
            embeddings: the model's input embedding, shape (size, width); rows are scaled to unit length here.
        """
        return cls.from_pieces(pieces_of(tokenizer, size), embeddings)

    @classmethod
    def from_surfaces(
        cls, surfaces: Sequence[str], special: set[int], embeddings: np.ndarray | None = None
    ) -> "TokenTable":
        """Build from each token's characters, the word-start space included."""
        pieces = [
            Piece.named(surface) if place in special else spaced(surface.encode())
            for place, surface in enumerate(surfaces)
        ]
        return cls.from_pieces(pieces, embeddings)

    @classmethod
    def from_pieces(cls, pieces: Sequence[Piece], embeddings: np.ndarray | None = None) -> "TokenTable":
        """Build from what each token stands for."""
        table = _table([_alone(piece) for piece in pieces])
        data = [b"" if piece.special else piece.data for piece in pieces]
        broken = {place: own for place, own in enumerate(data) if beginning(own) or ending(own)}
        return cls(table.texts, table.columns, broken, _unit_rows(embeddings))


@dataclass(frozen=True)
class _Row:
    """A row of a table.

    Attributes:
        read: the characters, with a stand-in for one that is not complete; nothing of special tokens.
        length: characters that end in it, the word-start space aside.
        text, opens_word, joins, goes_on, closes_word: see `TokenTable`.
    """

    text: str
    read: str
    length: int
    is_special: bool
    opens_word: bool
    joins: bool
    goes_on: bool
    closes_word: bool

    def is_word_of(self, words: frozenset[str]) -> bool:
        """Whether it is one of some words, and not a piece within another that is spelled like it.

        Where words are told apart by the space before them, a piece without one may stand after a quotation mark or
        within a word; a capital letter speaks for the former. Where they are told apart by their ends, most pieces
        with an end are whole words.
        """
        likely = self.closes_word or characters.is_capitalised(self.read)
        starts = self.opens_word or (likely and not self.joins)
        return starts and not self.is_special and self.read.lower() in words


def _alone(piece: Piece) -> _Row:
    """Facts of a token in which no character began before it."""
    if piece.special:
        return _Row(piece.data.decode(), "", 0, True, False, True, False, True)
    data = piece.data.removeprefix(b" ")
    front, whole, end = parts(data)
    read = whole + stand_in(end) or (characters.SYMBOL if front else " ")
    text = spelled(front) + whole + spelled(end) or " "
    goes_on = characters.is_mark(read)
    joins = piece.starts is False or goes_on or bool(front)
    opens = piece.starts is True and not joins
    return _Row(text, read, len(whole) if data else 1, False, opens, joins, goes_on, piece.ends)


def _inside(before: bytes, data: bytes, closes: bool) -> _Row:
    """Facts of a token after the first bytes of a character; ``closes``: no word goes on after it in any case."""
    _, whole, end = parts(before + data)
    read = whole + stand_in(end)
    # Bytes that complete nothing yet are shown alone: those before them have been.
    text = whole + spelled(end) if whole else spelled(data)
    return _Row(text, read, len(whole), False, False, True, True, closes or read[-1].isspace())


def _table(rows: Sequence[_Row]) -> TokenTable:
    def fact(name: str) -> np.ndarray:
        return np.array([getattr(row, name) for row in rows], dtype=bool)

    def mask(test: Callable[[str], bool]) -> np.ndarray:
        return np.array([not row.is_special and test(row.read) for row in rows], dtype=bool)

    columns = {
        "is_special": fact("is_special"),
        "is_alphabetic": mask(characters.is_alphabetic),
        "is_capitalised": mask(characters.is_capitalised),
        "is_number": mask(str.isdigit),
        "is_punctuation": mask(characters.is_punctuation),
        "is_sentence_end": mask(characters.is_sentence_end),
        "is_comma": mask(characters.is_comma),
        "is_quote": mask(characters.is_quote),
        "is_newline": mask(characters.is_newline),
        "is_short": mask(lambda text: len(text) <= 3 and characters.is_alphabetic(text)),
        **{name: np.array([row.is_word_of(words) for row in rows], dtype=bool) for name, words in WORD_CLASSES.items()},
        "length": np.array([row.length for row in rows], dtype=np.float32),
        "is_wordlike": mask(characters.is_wordlike),
        "opens_word": fact("opens_word"),
        "joins": fact("joins"),
        "goes_on": fact("goes_on"),
        "closes_word": fact("closes_word"),
    }
    return TokenTable(tuple(row.text for row in rows), columns)


_tables: "WeakKeyDictionary[Any, tuple[int, TokenTable]]" = WeakKeyDictionary()


def table_of(tokenizer: Any) -> TokenTable:
    """Facts of a tokenizer's tokens, without embeddings, built on first use."""
    count, known = len(tokenizer), _tables.get(tokenizer)
    if known is None or known[0] != count:  # a token may have been added
        known = _tables[tokenizer] = count, TokenTable.from_tokenizer(tokenizer, size_of(tokenizer))
    return known[1]


def read_otherwise(run: Path) -> InputError:
    """What is said of a run whose programs were fitted to, and measured on, facts that were read in another way."""
    return InputError(
        f"{run} was made by another version of headsynth, which read tokens in another way, so what it measured would "
        "not go with what is measured now; start a new run directory"
    )


def _unit_rows(embeddings: np.ndarray | None) -> np.ndarray | None:
    if embeddings is None:
        return None
    embeddings = np.asarray(embeddings, dtype=np.float32)
    return embeddings / np.maximum(np.linalg.norm(embeddings, axis=1, keepdims=True), 1e-12)
