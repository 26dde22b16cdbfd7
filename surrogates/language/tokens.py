"""What is known of a token from its string alone: one row for each id of a tokenizer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from secrets import token_bytes
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

CLOSING = "\"'”’»)]}"
QUOTES = ('"', "“", "”", "«", "»", "``", "''")


_KEPT_BYTES = 64 << 20
"""Bytes of masks of string sets that a table keeps."""


@dataclass(frozen=True, eq=False)
class TokenTable:
    """Facts of every token id.

    Attributes:
        texts: the strings programs see, one an id; never empty.
        columns: name of a static token feature to its values, shape (vocabulary,); masks are bool, numbers float32.
        embeddings: rows of unit length, shape (vocabulary, width), or None when the model's are not at hand.
        serial: tells tables apart, and is the same in copies, those in other processes too.
    """

    texts: tuple[str, ...]
    columns: dict[str, np.ndarray]
    embeddings: np.ndarray | None = None
    serial: bytes = field(default_factory=lambda: token_bytes(8), repr=False)
    _members: dict[tuple[str, ...], np.ndarray] = field(default_factory=dict, repr=False)

    def one_of(self, strings: tuple[str, ...]) -> np.ndarray:
        """Mask over the vocabulary of the ids whose text is one of the strings, shape (vocabulary,)."""
        if strings not in self._members:
            if (len(self._members) + 1) * len(self.texts) > _KEPT_BYTES:
                self._members.clear()
            wanted = set(strings)
            self._members[strings] = np.fromiter((text in wanted for text in self.texts), bool, len(self.texts))
        return self._members[strings]

    def subset(self, ids: Sequence[int], embeddings: np.ndarray | None = None) -> "TokenTable":
        """The rows of some ids, in their order, with these ids' input embeddings, shape (ids, width)."""
        rows = np.asarray(ids, dtype=np.int64)
        columns = {name: values[rows] for name, values in self.columns.items()}
        return TokenTable(tuple(self.texts[token] for token in ids), columns, _unit_rows(embeddings))

    @classmethod
    def from_tokenizer(cls, tokenizer: object, size: int, embeddings: np.ndarray | None = None) -> "TokenTable":
        """Read the strings of a Hugging Face tokenizer.

        Args:
            tokenizer: the model's tokenizer.
            size: rows of the model's input embedding, which may exceed the tokenizer's vocabulary.
            embeddings: the model's input embedding, shape (size, width); rows are scaled to unit length here.
        """
        special = set(tokenizer.all_special_ids)  # type: ignore[attr-defined]
        # Chat markers are special tokens without a role of their own.
        added = tokenizer.added_tokens_decoder  # type: ignore[attr-defined]
        special |= {token_id for token_id, token in added.items() if token.special}
        known = min(size, len(tokenizer))  # type: ignore[arg-type]
        tokens = tokenizer.convert_ids_to_tokens(list(range(known)))  # type: ignore[attr-defined]
        decode: Callable[[list[str]], str] = tokenizer.convert_tokens_to_string  # type: ignore[attr-defined]
        surfaces = []
        for token_id in range(size):
            token = tokens[token_id] if token_id < known else None
            if token is None:
                surfaces.append(f"<unused{token_id}>")
                special.add(token_id)
            elif token_id in special:
                surfaces.append(token)
            else:
                # Decoders drop a leading space at the start of a text, so every token is decoded after a letter.
                surfaces.append(decode(["a", token])[1:])
        return cls.from_surfaces(surfaces, special, embeddings)

    @classmethod
    def from_surfaces(
        cls, surfaces: Sequence[str], special: set[int], embeddings: np.ndarray | None = None
    ) -> "TokenTable":
        """Build from each token's characters, the word-start space included."""
        starts = [surface.startswith(" ") for surface in surfaces]
        texts = tuple((s[1:] if start else s) or " " for s, start in zip(surfaces, starts, strict=True))
        is_special = np.array([i in special for i in range(len(texts))])

        def mask(test: Callable[[str], bool]) -> np.ndarray:
            return np.array([test(text) for text in texts], dtype=bool) & ~is_special

        columns = {
            "is_special": is_special,
            "is_word_start": np.array(starts, dtype=bool) & ~is_special,
            "is_alphabetic": mask(str.isalpha),
            "is_capitalised": mask(lambda text: text[0].isupper()),
            "is_number": mask(str.isdigit),
            "is_punctuation": mask(lambda text: not any(c.isalnum() or c.isspace() for c in text)),
            "is_sentence_end": mask(lambda text: text.strip().rstrip(CLOSING).endswith((".", "!", "?", "…", "。"))),
            "is_comma": mask(lambda text: text.strip() in (",", "，", "、")),
            "is_quote": mask(lambda text: any(quote in text for quote in QUOTES)),
            "is_newline": mask(lambda text: "\n" in text),
            "length": np.where(is_special, 0, [len(text) for text in texts]).astype(np.float32),
            # Not a feature: whether the token is part of a word, from which words are counted.
            "is_wordlike": mask(lambda text: any(c.isalnum() for c in text)),
        }
        return cls(texts, columns, _unit_rows(embeddings))


_tables: "WeakKeyDictionary[Any, TokenTable]" = WeakKeyDictionary()


def table_of(tokenizer: Any) -> TokenTable:
    """Facts of a tokenizer's tokens, without embeddings, built on first use."""
    known = _tables.get(tokenizer)
    if known is None or len(known.texts) != len(tokenizer):  # a token may have been added
        _tables[tokenizer] = TokenTable.from_tokenizer(tokenizer, len(tokenizer))
    return _tables[tokenizer]


def _unit_rows(embeddings: np.ndarray | None) -> np.ndarray | None:
    if embeddings is None:
        return None
    embeddings = np.asarray(embeddings, dtype=np.float32)
    return embeddings / np.maximum(np.linalg.norm(embeddings, axis=1, keepdims=True), 1e-12)
