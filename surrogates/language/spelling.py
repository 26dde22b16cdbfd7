"""How a tokenizer spells: of each token the bytes it stands for, and what it tells of where words start.

Read from what the tokenizer says of itself. Decoding tells neither: it adds, drops and joins as suits a whole text.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.plain_text import one_line
from surrogates.errors import InputError
from surrogates.language.characters import is_wordlike, parts, stand_in

_BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")
_USUAL = 0.01
"""Share of a vocabulary that bears a mark from which on the mark is taken for one."""


@dataclass(frozen=True)
class Piece:
    """What a token stands for.

    Attributes:
        data: its characters in UTF-8, a space before a word included; they may begin or end inside a character.
        special: it stands for no characters, and ``data`` is its name.
        starts: whether a word starts with it; None where it does if none goes on before it.
        ends: whether no word goes on after it.
    """

    data: bytes
    special: bool = False
    starts: bool | None = None
    ends: bool = False

    @classmethod
    def named(cls, name: str) -> "Piece":
        """A special token."""
        return cls(_utf8(name), special=True, starts=False, ends=True)


def spaced(data: bytes) -> Piece:
    """A token of a tokenizer whose tokens hold all white space of a text: words start after it."""
    text = data.decode("utf-8", "replace")
    if not text.strip():
        return Piece(data, starts=False, ends=bool(text))
    return Piece(data, starts=True if text[0].isspace() else None, ends=text[-1].isspace())


def pieces_of(tokenizer: Any, size: int) -> list[Piece]:
    """What each token id of a Hugging Face tokenizer stands for.

    Args:
        tokenizer: the model's tokenizer.
        size: how many ids, which may be more than the tokenizer knows.

    Raises:
        InputError: it does not say how it cuts.
    """
    special = set(tokenizer.all_special_ids)
    # Chat markers are special tokens without a role of their own.
    added = tokenizer.added_tokens_decoder
    special |= {token_id for token_id, token in added.items() if token.special}
    known = min(size, size_of(tokenizer))
    tokens = tokenizer.convert_ids_to_tokens(list(range(known)))
    backend = getattr(tokenizer, "backend_tokenizer", None)
    marks = _marks_of_vocabulary(tokenizer, tokens) if backend is None else _marks_of_backend(backend)
    found = []
    for token_id in range(size):
        token = tokens[token_id] if token_id < known else None
        if token is None:
            found.append(Piece.named(f"<unused{token_id}>"))
        elif token_id in special:
            found.append(Piece.named(token))
        elif token_id in added:
            found.append(marks.added(token))
        else:
            found.append(marks.piece(token))
    return found


def size_of(tokenizer: Any) -> int:
    """Ids up to the last that a tokenizer knows; its vocabulary may have holes."""
    return max(tokenizer.get_vocab().values(), default=-1) + 1


@dataclass(frozen=True)
class _Marks:
    """How tokens are marked with what is lost when a text is cut.

    Attributes:
        alphabet: character to byte, where tokens are spelled in characters that stand for bytes.
        fallback: whether ``<0x41>`` stands for a byte.
        space: what stands for a space, or empty.
        prefix: of tokens that go on a word, or empty.
        suffix: of tokens that end a word, or empty.
        open_suffix: of tokens that do not, or empty.
        keeps_space: white space is in the tokens.
    """

    alphabet: dict[str, int] | None = None
    fallback: bool = False
    space: str = ""
    prefix: str = ""
    suffix: str = ""
    open_suffix: str = ""
    keeps_space: bool = True

    def piece(self, token: str) -> Piece:
        if self.prefix:
            goes_on = token.startswith(self.prefix)
            data = self._data(token.removeprefix(self.prefix))
            return Piece(data, starts=not goes_on and _is_wordlike(data))
        if self.suffix or self.open_suffix:
            ends = token.endswith(self.suffix) if self.suffix else not token.endswith(self.open_suffix)
            data = self._data(token.removesuffix(self.suffix or self.open_suffix))
            return Piece(data, starts=None if _is_wordlike(data) else False, ends=ends)
        return self._unmarked(self._data(token))

    def added(self, token: str) -> Piece:
        """A token that was added to a vocabulary, whose bytes are spelled as they read."""
        return self._unmarked(_utf8(self._with_spaces(token)))

    def _unmarked(self, data: bytes) -> Piece:
        # Without white space every token counts as a word; of punctuation nothing tells whether any came before it.
        return spaced(data) if self.keeps_space else Piece(data, starts=_is_wordlike(data), ends=True)

    def _data(self, token: str) -> bytes:
        if self.fallback and (byte := _BYTE.fullmatch(token)):
            return bytes([int(byte[1], 16)])
        if self.alphabet is not None and all(character in self.alphabet for character in token):
            return bytes(self.alphabet[character] for character in token)
        return _utf8(self._with_spaces(token))

    def _with_spaces(self, token: str) -> str:
        return token.replace(self.space, " ") if self.space else token


def _marks_of_backend(backend: Any) -> _Marks:
    """Of a tokenizer of the tokenizers library, which declares what it does."""
    before, behind = [*_steps(backend.normalizer), *_steps(backend.pre_tokenizer)], [*_steps(backend.decoder)]
    kinds = {step["type"] for step in before + behind}
    prefix = getattr(backend.model, "continuing_subword_prefix", None) or ""
    suffix = getattr(backend.model, "end_of_word_suffix", None) or ""
    return _Marks(
        alphabet=_BYTES if "ByteLevel" in kinds else None,
        fallback="ByteFallback" in kinds or getattr(backend.model, "byte_fallback", False),
        space=_space_mark(before, behind),
        prefix=prefix,
        suffix=suffix,
        keeps_space=not (prefix or suffix) and _is_kept(_cut(backend, "a b")),
    )


def _space_mark(before: Sequence[dict[str, Any]], behind: Sequence[dict[str, Any]]) -> str:
    """What stands for a space, by the steps before tokens are looked up and those of decoding; empty if nothing."""
    found = [step["replacement"] for step in [*before, *behind] if step["type"] == "Metaspace"]
    for step in before:
        if step["type"] == "Replace" and " " in (step["pattern"].get("String"), step["pattern"].get("Regex")):
            found.append(step["content"])
    for step in behind:
        if step["type"] == "Replace" and step["content"] == " ":
            found.append(step["pattern"].get("String", ""))
    return next((mark for mark in found if mark.strip()), "")


def _steps(component: Any) -> Iterator[dict[str, Any]]:
    """The steps of a component of the tokenizers library, those of sequences one by one.

    Raises:
        InputError: one is written in Python, and says nothing of itself.
    """
    try:
        open_steps = [] if component is None else [json.loads(component.__getstate__())]
    except Exception as error:  # which is all that the library raises
        raise InputError(
            f"the tokenizer has a step of its own ({one_line(str(error))}), which does not say how it cuts; use a "
            "tokenizer that a tokenizer.json can hold"
        ) from error
    while open_steps:
        step = open_steps.pop(0)
        inner = [inner for name in ("normalizers", "pretokenizers", "decoders") for inner in step.get(name, ())]
        open_steps = inner + open_steps
        if not inner:
            yield step


def _cut(backend: Any, text: str) -> list[str]:
    """The parts a text is cut into before its tokens are looked up."""
    if backend.normalizer is not None:
        text = backend.normalizer.normalize_str(text)
    if backend.pre_tokenizer is None:
        return [text]
    return [part for part, _ in backend.pre_tokenizer.pre_tokenize_str(text)]


def _is_kept(parts: Sequence[str]) -> bool:
    """Whether more than its letters is left of "a b"."""
    return bool("".join(parts).lower().strip("ab"))


def _marks_of_vocabulary(tokenizer: Any, tokens: Sequence[str | None]) -> _Marks:
    """Of a tokenizer in Python, which declares nothing: told by its vocabulary and by how it cuts."""
    if tokenizer.tokenize("é") == ["Ã", "©"]:
        return _Marks(alphabet={chr(byte): byte for byte in range(256)})
    texts = [token for token in tokens if token]

    def usual(mark: str, bears: Callable[[str, str], bool]) -> str:
        return mark if sum(bears(text, mark) for text in texts) > _USUAL * len(texts) else ""

    space = usual("▁", str.startswith)
    prefix, suffix, open_suffix = usual("##", str.startswith), usual("</w>", str.endswith), usual("@@", str.endswith)
    return _Marks(
        fallback=bool(space),
        space=space,
        prefix=prefix,
        suffix=suffix,
        open_suffix=open_suffix,
        keeps_space=not (prefix or suffix or open_suffix) and _is_kept(tokenizer.tokenize("a b")),
    )


def _byte_alphabet() -> dict[str, int]:
    """The characters in which byte-level tokenizers spell bytes: printable ones stand for themselves."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + place): byte for place, byte in enumerate(others)}


def _is_wordlike(data: bytes) -> bool:
    _, whole, end = parts(data)
    return is_wordlike(whole + stand_in(end))


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")


_BYTES = _byte_alphabet()
