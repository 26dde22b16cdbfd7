"""A tokenizer of each kind, small enough that a table can say how it cuts each text."""

from collections.abc import Callable, Sequence
from typing import Any

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import ByT5Tokenizer, PreTrainedTokenizerFast

TEXTS = {
    "English": "Tom's dog said: “No!”",
    "Russian": "Привет, мир 5",
    "Chinese": "你好，世界。",
    "Arabic": "قَال كيف؟",
    "emoji": "so 👍 ❤️!",
}
_CHARACTERS = sorted(set("".join(TEXTS.values())) - {" "})
_BYTE_NAMES = [f"<0x{byte:02X}>" for byte in range(256)]


def _numbered(tokens: Sequence[str]) -> dict[str, int]:
    return {token: number for number, token in enumerate(dict.fromkeys(tokens))}


def _fast(tokenizer: Tokenizer, **roles: str) -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **roles)


def byte_level() -> PreTrainedTokenizerFast:
    """As GPT-2: a space is part of the word behind it, and characters beyond ASCII take several tokens."""
    merges = [("T", "o"), ("To", "m"), ("Ġ", "d"), ("o", "g"), ("'", "s"), ("â", "Ģ"), ("Ð", "¸")]
    tokens = [*sorted(pre_tokenizers.ByteLevel.alphabet()), *("".join(pair) for pair in merges), "<|endoftext|>"]
    tokenizer = Tokenizer(models.BPE(_numbered(tokens), merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return _fast(tokenizer, eos_token="<|endoftext|>")


def end_of_word() -> PreTrainedTokenizerFast:
    """As the first GPT: the last token of a word says so."""
    merges = [("T", "o"), ("To", "m</w>"), ("o", "g</w>"), ("м", "и"), ("ми", "р</w>"), ("你", "好</w>")]
    tokens = ["<unk>", *_CHARACTERS, *(c + "</w>" for c in _CHARACTERS), *("".join(pair) for pair in merges)]
    tokenizer = Tokenizer(models.BPE(_numbered(tokens), merges, end_of_word_suffix="</w>", unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.BPEDecoder(suffix="</w>")
    return _fast(tokenizer, unk_token="<unk>")


def byte_level_end_of_word() -> PreTrainedTokenizerFast:
    """As that of CLIP: both, and white space lost; vowel signs are cut off their letters."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = [("T", "o"), ("To", "m</w>"), ("o", "g</w>"), ("Ð", "¸")]
    tokens = [*alphabet, *(letter + "</w>" for letter in alphabet), *("".join(pair) for pair in merges), "<unk>"]
    tokenizer = Tokenizer(models.BPE(_numbered(tokens), merges, end_of_word_suffix="</w>", unk_token="<unk>"))
    cut = pre_tokenizers.Split(Regex(r"'s|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"), "removed", invert=True)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([cut, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.decoder = decoders.ByteLevel()
    return _fast(tokenizer, unk_token="<unk>")


def word_piece() -> PreTrainedTokenizerFast:
    """As BERT: tokens that go on a word say so, Chinese characters are words."""
    words = ["Tom", "d", "##og", "sa", "##id", "No", "При", "##вет", "мир", "قَ", "##ال", "كي", "##ف", "so", "❤️"]
    tokenizer = Tokenizer(models.WordPiece(_numbered(["[UNK]", *words, *_CHARACTERS]), unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    return _fast(tokenizer, unk_token="[UNK]")


def unigram() -> PreTrainedTokenizerFast:
    """As T5 and its kin: a mark stands for the space before a word."""
    words = [
        "▁Tom",
        "▁",
        "og",
        "▁sa",
        "id",
        "No",
        "▁При",
        "вет",
        "▁мир",
        "▁你好",
        "世界",
        "▁قَ",
        "ال",
        "كي",
        "▁so",
        "▁❤",
    ]
    pieces = [("<unk>", 0.0), *((word, -1.0) for word in words), *((character, -4.0) for character in _CHARACTERS)]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=0))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    return _fast(tokenizer, unk_token="<unk>")


def word_level() -> PreTrainedTokenizerFast:
    """A token a word, white space lost."""
    words = ["Tom", "s", "dog", "said", "No", "!”", "Привет", "мир", "你好", "世界", "قَال", "كيف", "so", "❤", "\ufe0f"]
    tokenizer = Tokenizer(models.WordLevel(_numbered(["<unk>", *words, *_CHARACTERS]), unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return _fast(tokenizer, unk_token="<unk>")


def characters() -> PreTrainedTokenizerFast:
    """A token a character, spaces among them."""
    tokenizer = Tokenizer(models.WordLevel(_numbered(["<unk>", " ", *_CHARACTERS]), unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    tokenizer.decoder = decoders.Fuse()
    return _fast(tokenizer, unk_token="<unk>")


def byte_fallback() -> PreTrainedTokenizerFast:
    """As Llama 2: what the vocabulary does not hold is spelled in bytes."""
    merges = [("T", "o"), ("▁", "To"), ("▁To", "m"), ("o", "g")]
    tokens = ["<unk>", "<s>", "</s>", *_BYTE_NAMES, *"▁Tomdgsaid:N!", *("".join(pair) for pair in merges)]
    tokenizer = Tokenizer(models.BPE(_numbered(tokens), merges, unk_token="<unk>", byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    tokenizer.decoder = decoders.Sequence(steps)
    return _fast(tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>")


KINDS: dict[str, Callable[[], Any]] = {
    "byte-level BPE": byte_level,
    "BPE with </w>": end_of_word,
    "byte-level BPE with </w>": byte_level_end_of_word,
    "WordPiece": word_piece,
    "Unigram": unigram,
    "WordLevel": word_level,
    "characters": characters,
    "bytes": ByT5Tokenizer,
    "byte fallback": byte_fallback,
}
