"""Word starts, words and classes of tokens: nine kinds of tokenizer on texts of five scripts."""

import numpy as np
import pytest
import torch
from tokenizers import Regex, Tokenizer, models, normalizers
from transformers import PreTrainedTokenizerFast

from surrogates.language.features import Texts
from surrogates.language.spelling import spaced
from surrogates.language.tokens import TokenTable, table_of
from surrogates.language.vocabulary import TOKEN_FEATURES
from tests.surrogates.tokenizers_of_kinds import KINDS, TEXTS

# Tokens as programs see them, _ for a space and ^ where a word starts, with | between words. Classes follow a colon.
CLASSES = {
    "a": "is_alphabetic",
    "C": "is_capitalised",
    "d": "is_number",
    "p": "is_punctuation",
    ".": "is_sentence_end",
    ",": "is_comma",
    "q": "is_quote",
}
EXPECTED = {
    "byte-level BPE": {
        "English": (
            "^Tom:aC 's | ^d:a og:a | _ | ^s:a a:a i:a d:a | ::p | _ | ^<0xE2><0x80>:p “:pq | N:aC o:a | !:p. | "
            "<0xE2><0x80>:p ”:pq"
        ),
        "Russian": (
            "^<0xD0>:a П:aC <0xD1>:a р:a и:a <0xD0>:a в:a <0xD0>:a е:a <0xD1>:a т:a | ,:p, | _ | ^<0xD0>:a м:a "
            "и:a <0xD1>:a р:a | _ | ^5:d"
        ),
        "Chinese": (
            "^<0xE4>:a <0xBD>:a 你:a <0xE5>:a <0xA5>:a 好:a | <0xEF>:p <0xBC>:p ，:p, | <0xE4>:a <0xB8>:a 世:a "
            "<0xE7>:a <0x95>:a 界:a <0xE3>:a <0x80>:p 。:p."
        ),
        "Arabic": (
            "^<0xD9>:a ق:a <0xD9>:a َ <0xD8>:a ا:a <0xD9>:a ل:a | _ | ^<0xD9>:a ك:a <0xD9>:a ي:a <0xD9>:a ف:a "
            "<0xD8>:a ؟:p."
        ),
        "emoji": (
            "^s:a o:a | _ | ^<0xF0>:p <0x9F>:p <0x91>:p 👍:p | _ | ^<0xE2>:p <0x9D>:p ❤:p | <0xEF>:p <0xB8>:p ️ | !:p."
        ),
    },
    "BPE with </w>": {
        "English": "^Tom:aC | ':p | ^s:a | ^d:a og:a | ^s:a a:a i:a d:a | ::p | “:pq | ^N:aC o:a | !:p. | ”:pq",
        "Russian": "^П:aC р:a и:a в:a е:a т:a | ,:p, | ^мир:a | ^5:d",
        "Chinese": "^你好:a | ，:p, | ^世:a 界:a | 。:p.",
        "Arabic": "^ق:a َ ا:a ل:a | ^ك:a ي:a ف:a | ؟:p.",
        "emoji": "^s:a o:a | 👍:p | ❤:p ️ | !:p.",
    },
    "byte-level BPE with </w>": {
        "English": (
            "^Tom:aC | ':p | s:a | ^d:a og:a | ^s:a a:a i:a d:a | ::p | <0xE2>:p <0x80>:p “:pq | ^N:aC o:a | !:p. "
            "| <0xE2>:p <0x80>:p ”:pq"
        ),
        "Russian": (
            "^<0xD0>:a П:aC <0xD1>:a р:a и:a <0xD0>:a в:a <0xD0>:a е:a <0xD1>:a т:a | ,:p, | ^<0xD0>:a м:a и:a "
            "<0xD1>:a р:a | ^5:d"
        ),
        "Chinese": (
            "^<0xE4>:a <0xBD>:a 你:a <0xE5>:a <0xA5>:a 好:a | <0xEF>:p <0xBC>:p ，:p, | ^<0xE4>:a <0xB8>:a 世:a "
            "<0xE7>:a <0x95>:a 界:a | ^<0xE3>:a <0x80>:p 。:p."
        ),
        "Arabic": (
            "^<0xD9>:a ق:a | ^<0xD9>:a َ | ^<0xD8>:a ا:a <0xD9>:a ل:a | ^<0xD9>:a ك:a <0xD9>:a ي:a <0xD9>:a ف:a | "
            "^<0xD8>:a ؟:p."
        ),
        "emoji": ("^s:a o:a | <0xF0>:p <0x9F>:p <0x91>:p 👍:p | <0xE2>:p <0x9D>:p ❤:p | <0xEF>:p <0xB8>:p ️ | !:p."),
    },
    "WordPiece": {
        "English": "^Tom:aC | ':p | ^s:a | ^d:a og:a | ^sa:a id:a | ::p | “:pq | ^No:aC | !:p. | ”:pq",
        "Russian": "^При:aC вет:a | ,:p, | ^мир:a | ^5:d",
        "Chinese": "^你:a | ^好:a | ，:p, | ^世:a | ^界:a | 。:p.",
        "Arabic": "^قَ:a ال:a | ^كي:a ف:a | ؟:p.",
        "emoji": "^so:a | 👍:p | ❤️:p | !:p.",
    },
    "Unigram": {
        "English": "^Tom:aC | ':p | s:a | _ | ^d:a og:a | ^sa:a id:a | ::p | _ | ^“:pq | No:aC | !:p. | ”:pq",
        "Russian": "^При:aC вет:a | ,:p, | ^мир:a | _ | ^5:d",
        "Chinese": "^你好:a | ，:p, | 世界:a | 。:p.",
        "Arabic": "^قَ:a ال:a | _ | ^كي:a ف:a | ؟:p.",
        "emoji": "^so:a | _ | ^👍:p | ^❤:p ️ | !:p.",
    },
    "WordLevel": {
        "English": "^Tom:aC | ':p | ^s:a | ^dog:a | ^said:a | ::p | “:pq | ^No:aC | !”:p.q",
        "Russian": "^Привет:aC | ,:p, | ^мир:a | ^5:d",
        "Chinese": "^你好:a | ，:p, | ^世界:a | 。:p.",
        "Arabic": "^قَال:a | ^كيف:a | ؟:p.",
        "emoji": "^so:a | 👍:p | ❤:p ️ | !:p.",
    },
    "characters": {
        "English": (
            "^T:aC o:a m:a | ':p | s:a | _ | ^d:a o:a g:a | _ | ^s:a a:a i:a d:a | ::p | _ | ^“:pq | N:aC o:a | "
            "!:p. | ”:pq"
        ),
        "Russian": "^П:aC р:a и:a в:a е:a т:a | ,:p, | _ | ^м:a и:a р:a | _ | ^5:d",
        "Chinese": "^你:a 好:a | ，:p, | 世:a 界:a | 。:p.",
        "Arabic": "^ق:a َ ا:a ل:a | _ | ^ك:a ي:a ف:a | ؟:p.",
        "emoji": "^s:a o:a | _ | ^👍:p | _ | ^❤:p ️ | !:p.",
    },
    "bytes": {
        "English": (
            "^T:aC o:a m:a | ':p | s:a | _ | ^d:a o:a g:a | _ | ^s:a a:a i:a d:a | ::p | _ | ^<0xE2>:p <0x80>:p "
            "“:pq | N:aC o:a | !:p. | <0xE2>:p <0x80>:p ”:pq"
        ),
        "Russian": (
            "^<0xD0>:a П:aC <0xD1>:a р:a <0xD0>:a и:a <0xD0>:a в:a <0xD0>:a е:a <0xD1>:a т:a | ,:p, | _ | "
            "^<0xD0>:a м:a <0xD0>:a и:a <0xD1>:a р:a | _ | ^5:d"
        ),
        "Chinese": (
            "^<0xE4>:a <0xBD>:a 你:a <0xE5>:a <0xA5>:a 好:a | <0xEF>:p <0xBC>:p ，:p, | <0xE4>:a <0xB8>:a 世:a "
            "<0xE7>:a <0x95>:a 界:a <0xE3>:a <0x80>:p 。:p."
        ),
        "Arabic": (
            "^<0xD9>:a ق:a <0xD9>:a َ <0xD8>:a ا:a <0xD9>:a ل:a | _ | ^<0xD9>:a ك:a <0xD9>:a ي:a <0xD9>:a ف:a "
            "<0xD8>:a ؟:p."
        ),
        "emoji": (
            "^s:a o:a | _ | ^<0xF0>:p <0x9F>:p <0x91>:p 👍:p | _ | ^<0xE2>:p <0x9D>:p ❤:p | <0xEF>:p <0xB8>:p ️ | !:p."
        ),
    },
    "byte fallback": {
        "English": (
            "^Tom:aC | ':p | s:a | _ | ^d:a og:a | _ | ^s:a a:a i:a d:a | ::p | _ | ^<0xE2>:p <0x80>:p “:pq | "
            "N:aC o:a | !:p. | <0xE2>:p <0x80>:p ”:pq"
        ),
        "Russian": (
            "_ | ^<0xD0>:a П:aC <0xD1>:a р:a <0xD0>:a и:a <0xD0>:a в:a <0xD0>:a е:a <0xD1>:a т:a | ,:p, | _ | "
            "^<0xD0>:a м:a <0xD0>:a и:a <0xD1>:a р:a | _ | ^5:d"
        ),
        "Chinese": (
            "_ | ^<0xE4>:a <0xBD>:a 你:a <0xE5>:a <0xA5>:a 好:a | <0xEF>:p <0xBC>:p ，:p, | <0xE4>:a <0xB8>:a 世:a "
            "<0xE7>:a <0x95>:a 界:a <0xE3>:a <0x80>:p 。:p."
        ),
        "Arabic": (
            "_ | ^<0xD9>:a ق:a <0xD9>:a َ <0xD8>:a ا:a <0xD9>:a ل:a | _ | ^<0xD9>:a ك:a <0xD9>:a ي:a <0xD9>:a ف:a "
            "<0xD8>:a ؟:p."
        ),
        "emoji": (
            "_ | ^s:a o:a | _ | ^<0xF0>:p <0x9F>:p <0x91>:p 👍:p | _ | ^<0xE2>:p <0x9D>:p ❤:p | <0xEF>:p <0xB8>:p "
            "️ | !:p."
        ),
    },
}
CASES = [(kind, script) for kind in KINDS for script in TEXTS]


def read(kind: str, script: str) -> tuple[TokenTable, list[int]]:
    tokenizer = KINDS[kind]()
    ids = tokenizer(TEXTS[script], add_special_tokens=False)["input_ids"]
    return TokenTable.from_tokenizer(tokenizer, len(tokenizer)), ids


def shown(table: TokenTable, ids: list[int]) -> str:
    texts = Texts.from_lists([ids], table, causal=True)
    words = texts.number("word")[0]
    found = ""
    for place, text in enumerate(table.spell(ids)):
        found += " | " if place and words[place] != words[place - 1] else " "
        found += "^" * int(texts.token("is_word_start")[0, place]) + text.replace(" ", "_")
        classes = "".join(letter for letter, name in CLASSES.items() if texts.token(name)[0, place])
        found += f":{classes}" if classes else ""
    return found.strip()


@pytest.mark.parametrize(("kind", "script"), CASES)
def test_words_and_classes(kind: str, script: str) -> None:
    assert shown(*read(kind, script)) == EXPECTED[kind][script]


@pytest.mark.parametrize(("kind", "script"), CASES)
def test_facts_depend_on_the_tokens_so_far(kind: str, script: str) -> None:
    table, ids = read(kind, script)
    whole = Texts.from_lists([ids], table, causal=True)
    # Padding on the left, as `generate` has it; in torch, as patched models do.
    begins = next((token for token, data in table.broken.items() if data[-1] >= 0xC0), 0)
    padded = Texts(
        torch.tensor([[0, begins, *ids]]), table, mask=torch.tensor([[False] * 2 + [True] * len(ids)]), causal=True
    )
    for name, feature in TOKEN_FEATURES.items():
        if feature.argument or feature.encoders_only:
            continue
        values = whole.token(name)[0]
        np.testing.assert_array_equal(padded.token(name)[0, 2:].numpy(), values, name)
        for count in range(1, len(ids)):
            cut = Texts.from_lists([ids[:count]], table, causal=True)
            np.testing.assert_array_equal(cut.token(name)[0], values[:count], name)


def test_a_string_is_the_character_that_a_token_completes() -> None:
    table, ids = read("byte-level BPE", "English")
    texts = Texts.from_lists([ids, ids[:3]], table, causal=True)
    assert [table.spell(ids)[place] for place in np.flatnonzero(texts.one_of(("“", "”"))[0])] == ["“", "”"]
    # The same token after other bytes is another string, and the same token still.
    assert not texts.one_of(("“", "”"))[1].any()
    assert texts.same(texts.ids_left(0), texts.ids_left(0))[0].sum() > len(ids)


def test_tokens_of_a_run_keep_their_bytes() -> None:
    table, ids = read("bytes", "Chinese")
    used = sorted(set(ids))
    own = table.subset(used)
    numbers = [used.index(token) for token in ids]
    assert own.spell(numbers) == table.spell(ids)
    assert shown(own, numbers) == EXPECTED["bytes"]["Chinese"]


def test_padding_begins_no_character() -> None:
    table = TokenTable.from_pieces([spaced(b"\xd0"), spaced("п".encode()[1:]), spaced(b"a")])
    alone = Texts(np.array([[1, 2]]), table, causal=True)
    padded = Texts(np.array([[0, 1, 2]]), table, mask=np.array([[False, True, True]]), causal=True)
    np.testing.assert_array_equal(padded.token("is_alphabetic")[:, 1:], alone.token("is_alphabetic"))
    assert not alone.token("is_alphabetic")[0, 0]
    assert Texts(np.array([[0, 1, 2]]), table, causal=True).token("is_alphabetic")[0, 1]


@pytest.mark.parametrize(
    ("steps", "mark"),
    [
        ([normalizers.Replace("\t", " "), normalizers.Replace(" ", "▁")], "▁"),
        ([normalizers.Replace(Regex(" "), "_")], "_"),
        ([normalizers.Replace("\n", " "), normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")], "▁"),
    ],
)
def test_what_stands_for_a_space_is_what_a_space_becomes(steps: list[normalizers.Normalizer], mark: str) -> None:
    tokenizer = Tokenizer(models.WordLevel({"<unk>": 0, f"{mark}b": 1, "a": 2}, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence(steps)
    table = TokenTable.from_tokenizer(PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>"), 3)
    assert table.texts == ("<unk>", "b", "a")
    assert Texts(np.array([[2, 1, 2]]), table, causal=True).token("is_word_start")[0].tolist() == [True, True, False]


def test_ids_behind_a_hole_in_the_vocabulary_have_their_texts() -> None:
    tokenizer = Tokenizer(models.WordLevel({"<unk>": 0, "a": 1, "b": 5}, unk_token="<unk>"))
    own = PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>")
    assert TokenTable.from_tokenizer(own, 6).texts == ("<unk>", "a", "<unused2>", "<unused3>", "<unused4>", "b")
    assert table_of(own).texts[5] == "b"
