"""What kind of characters a text holds, and those of which a token has only some bytes."""

import unicodedata
from functools import cache

_CLOSING = "\"'”’»)]}」』）】》"
_QUOTES = ('"', "“", "”", "«", "»", "``", "''", "「", "」")
_ENDS = (".", "!", "?", "…", "。", "！", "？", "؟", "۔", "।")
_COMMAS = (",", "，", "、", "،")
_LETTER, SYMBOL = "א", "\ufffd"
"""Stand for a character that is not complete."""
_RARELY_LETTERS = (b"\xef", b"\xef\xb8", b"\xef\xbc", b"\xf0")
"""Begin more letters or marks than symbols, but rare ones: what texts have there is full-width marks and emoji."""
_UNASSIGNED = ("Cn", "Co", "Cs", "Cc")


def beginning(data: bytes) -> bytes:
    """The bytes at the front that belong to a character begun before."""
    return data[: next((place for place, byte in enumerate(data) if byte & 0xC0 != 0x80), len(data))]


def ending(data: bytes) -> bytes:
    """The bytes at the end that begin a character and do not complete it."""
    for count in range(1, min(3, len(data)) + 1):
        byte = data[-count]
        if byte & 0xC0 != 0x80:
            needed = 2 if 0xC2 <= byte < 0xE0 else 3 if 0xE0 <= byte < 0xF0 else 4 if 0xF0 <= byte < 0xF5 else 0
            return data[-count:] if count < needed else b""
    return b""


def parts(data: bytes) -> tuple[bytes, str, bytes]:
    """What :func:`beginning` gives, the characters that are whole, and what :func:`ending` gives."""
    front, end = beginning(data), ending(data)
    return front, data[len(front) : len(data) - len(end)].decode("utf-8", "replace"), end


def spelled(data: bytes) -> str:
    """Bytes as programs see them."""
    return "".join(f"<0x{byte:02X}>" for byte in data)


@cache
def stand_in(begun: bytes) -> str:
    """A character of the class that most characters have which begin with these bytes; empty for no bytes."""
    if not begun:
        return ""
    if begun in _RARELY_LETTERS:
        return SYMBOL
    missing = (2 if begun[0] < 0xE0 else 3 if begun[0] < 0xF0 else 4) - len(begun)
    first = begun[0] & (0x1F if begun[0] < 0xE0 else 0x0F if begun[0] < 0xF0 else 0x07)
    for byte in begun[1:]:
        first = first << 6 | byte & 0x3F
    codes = range(first << 6 * missing, min((first + 1) << 6 * missing, 0x110000))
    kinds = [kind for kind in map(unicodedata.category, map(chr, codes)) if kind not in _UNASSIGNED]
    letters = sum(kind[0] in "LMN" for kind in kinds)
    return _LETTER if 2 * letters > len(kinds) else SYMBOL


def is_mark(text: str) -> bool:
    """Whether all characters only change the one before them: accents, vowel signs, joiners."""
    return bool(text) and all(unicodedata.category(character) in ("Mn", "Mc", "Me", "Cf") for character in text)


def is_wordlike(text: str) -> bool:
    """Whether it is part of a word: a letter or a digit is among the characters, or they are all marks."""
    return any(map(str.isalnum, text)) or is_mark(text)


def is_alphabetic(text: str) -> bool:
    """Letters, and marks on them."""
    return text.isalpha() or (any(map(str.isalpha, text)) and all(c.isalpha() or is_mark(c) for c in text))


def is_capitalised(text: str) -> bool:
    return text[:1].isupper()


def is_punctuation(text: str) -> bool:
    """Neither letters, digits nor white space, nor marks alone."""
    return not any(c.isalnum() or c.isspace() for c in text) and not is_mark(text)


def is_sentence_end(text: str) -> bool:
    # What begins a closing mark and does not complete it stands behind the full stop, too.
    return text.strip().rstrip(_CLOSING + SYMBOL).endswith(_ENDS)


def is_comma(text: str) -> bool:
    return text.strip() in _COMMAS


def is_quote(text: str) -> bool:
    return any(quote in text for quote in _QUOTES)


def is_newline(text: str) -> bool:
    return "\n" in text
