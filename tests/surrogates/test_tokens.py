"""What is known of tokens: facts of their characters, and what is read from three kinds of tokenizer."""

import math

import numpy as np
import pytest
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from surrogates.errors import InputError
from surrogates.language.features import Texts
from surrogates.language.spelling import Piece
from surrogates.language.tokens import TokenTable
from surrogates.language.vocabulary import TOKEN_FEATURES
from surrogates.language.word_classes import WORD_CLASSES
from tests.surrogates import golden


def surfaces(*strings: str) -> TokenTable:
    return TokenTable.from_surfaces(strings, {0})


def masks(table: TokenTable, ids: list[int]) -> list[set[str]]:
    """Of each token the masks that hold, in a text of these tokens."""
    texts = Texts.from_lists([ids], table, causal=True)
    names = [name for name, f in TOKEN_FEATURES.items() if f.type == "mask" and not f.argument and not f.encoders_only]
    return [{name for name in names if texts.token(name)[0, place]} - {"is_first"} for place in range(len(ids))]


@pytest.mark.parametrize(
    ("surface", "facts"),
    [
        (" Tom", {"is_word_start", "is_alphabetic", "is_capitalised", "is_short"}),
        (" Thomas", {"is_word_start", "is_alphabetic", "is_capitalised"}),
        ("ing", {"is_alphabetic", "is_short"}),
        (" Émile", {"is_word_start", "is_alphabetic", "is_capitalised"}),
        ("42", {"is_number"}),
        ("a1", set()),
        (",", {"is_punctuation", "is_comma"}),
        (".", {"is_punctuation", "is_sentence_end"}),
        ("…", {"is_punctuation", "is_sentence_end"}),
        ('."', {"is_punctuation", "is_sentence_end", "is_quote"}),
        ("!)", {"is_punctuation", "is_sentence_end"}),
        ("?”", {"is_punctuation", "is_sentence_end", "is_quote"}),
        ("'", {"is_punctuation"}),
        (' "', {"is_word_start", "is_punctuation", "is_quote"}),
        ("Mr.", {"is_capitalised", "is_sentence_end"}),
        (".\n", {"is_sentence_end", "is_newline"}),
        ("\n\n", {"is_newline"}),
        (" ", set()),
        ("  ", set()),
        ("�", {"is_punctuation"}),
        ("👍", {"is_punctuation"}),
        (" का", {"is_word_start", "is_alphabetic", "is_short"}),
        ("\u064e", set()),  # a vowel sign, part of the word it stands in
        ("؟", {"is_punctuation", "is_sentence_end"}),
        ("，", {"is_punctuation", "is_comma"}),
        ("٣", {"is_number"}),
    ],
)
def test_facts_of_a_surface(surface: str, facts: set[str]) -> None:
    table = surfaces("<s>", "a", surface)
    assert masks(table, [0, 1, 2])[2] == facts
    assert table.texts[2]


def closed(table: TokenTable) -> list[set[str]]:
    """Of each row the closed classes of words that it is in."""
    return [{name for name in WORD_CLASSES if table.columns[name][row]} for row in range(len(table.texts))]


@pytest.mark.parametrize(
    ("surface", "classes"),
    [
        (" a", {"is_article"}),
        (" The", {"is_article"}),
        (" HIS", {"is_pronoun"}),
        ("I", {"is_pronoun"}),
        (" of", {"is_preposition"}),
        ("Because", {"is_conjunction"}),
        (" before", {"is_preposition", "is_conjunction"}),
        (" was", {"is_auxiliary"}),
        (" mustn", set()),
        (" dog", set()),
        ("he", set()),  # which may go on a word
    ],
)
def test_closed_classes_of_words(surface: str, classes: set[str]) -> None:
    assert closed(surfaces("the", surface)) == [set(), classes]  # the first is a special token


@pytest.mark.parametrize(
    ("starts", "ends", "is_word"),
    [(True, False, True), (False, False, False), (False, True, False), (None, True, True)],
)
def test_a_piece_within_a_word_is_no_word(starts: bool | None, ends: bool, is_word: bool) -> None:
    table = TokenTable.from_pieces([Piece(text.encode(), starts=starts, ends=ends) for text in ("he", "the", "is")])
    assert [bool(classes) for classes in closed(table)] == [is_word] * 3


def test_every_class_of_words_is_a_feature() -> None:
    assert {TOKEN_FEATURES[name].type for name in WORD_CLASSES} == {"mask"}


@pytest.mark.parametrize("before", ["<s>", "\n", " ", "so "])
def test_a_word_starts_after_white_space_and_special_tokens(before: str) -> None:
    table = TokenTable.from_surfaces(["<s>", before, "Tom", "my", " ", '"'], {0, 1} if before == "<s>" else {0})
    assert [("is_word_start" in found) for found in masks(table, [0, 1, 2, 3, 4, 5])[2:]] == [True, False, False, True]
    assert "is_word_start" in masks(table, [2])[0]  # nothing stands before it


def test_special_tokens_are_nothing_else() -> None:
    table = TokenTable.from_surfaces(["[SEP]", ".", " </s>", "\n"], {0, 1, 2, 3})
    for found in masks(table, [0, 1, 2, 3])[1:-1]:
        assert found - {"is_sentence_start"} == {"is_special"}


# Tokenizers.


def byte_level() -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=["<|endoftext|>", "<|im_start|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(["Once upon a time, there was a girl.\n\nThe end. é 漢字"] * 9, trainer)
    tokenizer.add_tokens([AddedToken("<tool>", special=False)])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|endoftext|>")


def metaspace() -> PreTrainedTokenizerFast:
    words = ["▁", "▁Tom", "Tom", "ing", ",", "▁,", "▁▁", "."]
    vocabulary = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *words]
    ids = {token: token_id for token_id, token in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.BPE(ids, [], unk_token="<unk>", byte_fallback=True))
    steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    tokenizer.decoder = decoders.Sequence(steps)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>")


def word_pieces() -> PreTrainedTokenizerFast:
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "tom", "##ing", ",", "##s", "the", ".", "##"]
    ids = {token: token_id for token_id, token in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    tokenizer.decoder = decoders.WordPiece()
    roles = ("pad", "unk", "cls", "sep", "mask")
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, **{f"{role}_token": f"[{role.upper()}]" for role in roles}
    )


KINDS = {"byte-level": byte_level, "metaspace": metaspace, "word pieces": word_pieces}


@pytest.mark.parametrize(
    ("kind", "token", "text", "starts_word"),
    [
        ("byte-level", "Ċ", "\n", False),
        ("byte-level", "Ġ", " ", False),
        ("byte-level", "Ġa", "a", True),
        ("byte-level", "e", "e", False),
        ("byte-level", "Ã", "<0xC3>", False),  # the first byte of é alone
        ("byte-level", "<tool>", "<tool>", False),
        ("byte-level", "<|endoftext|>", "<|endoftext|>", False),
        ("byte-level", "<|im_start|>", "<|im_start|>", False),
        ("metaspace", "▁Tom", "Tom", True),
        ("metaspace", "Tom", "Tom", False),
        ("metaspace", "ing", "ing", False),
        ("metaspace", ",", ",", False),
        ("metaspace", "▁,", ",", True),
        ("metaspace", "▁", " ", False),
        ("metaspace", "▁▁", " ", False),
        ("metaspace", "<0x0A>", "\n", False),
        ("metaspace", "<0x41>", "A", False),
        ("metaspace", "<0xC3>", "<0xC3>", False),
        ("metaspace", "<s>", "<s>", False),
        ("metaspace", "<unk>", "<unk>", False),
        ("word pieces", "tom", "tom", True),
        ("word pieces", "##ing", "ing", False),
        ("word pieces", "the", "the", True),
        ("word pieces", ",", ",", False),
        ("word pieces", "##", " ", False),
        ("word pieces", "[CLS]", "[CLS]", False),
        ("word pieces", "[MASK]", "[MASK]", False),
    ],
)
def test_text_of_a_token(kind: str, token: str, text: str, starts_word: bool) -> None:
    tokenizer = KINDS[kind]()
    token_id = tokenizer.get_vocab()[token]
    table = TokenTable.from_tokenizer(tokenizer, len(tokenizer))
    assert table.texts[token_id] == text
    # Behind a token after which no word starts by itself.
    inside = next(place for place, own in enumerate(table.texts) if own in ("e", "ing"))
    assert ("is_word_start" in masks(table, [inside, token_id])[1]) == starts_word


@pytest.mark.parametrize("kind", KINDS)
def test_every_token_has_a_text_and_specials_are_found(kind: str) -> None:
    tokenizer = KINDS[kind]()
    size = len(tokenizer)
    table = TokenTable.from_tokenizer(tokenizer, size + 3, np.ones((size + 3, 2)))
    assert all(table.texts)
    assert table.texts[-1] == f"<unused{size + 2}>"
    assert table.columns["is_special"][-3:].all()
    specials = {"byte-level": 2, "metaspace": 3, "word pieces": 5}
    assert table.columns["is_special"].sum() == specials[kind] + 3
    assert table.embeddings is not None
    np.testing.assert_allclose(table.embeddings, math.sqrt(0.5), rtol=1e-6)
    assert table.embeddings.dtype == np.float32


def test_embedding_smaller_than_the_tokenizer() -> None:
    assert len(TokenTable.from_tokenizer(metaspace(), 5).texts) == 5


def test_places_among_strings_are_kept() -> None:
    table = golden.table()
    assert table.places(("Tom",)) is table.places(("Tom",))
    assert table.places(("Tom", "<s>"))[:3].tolist() == [2, 1, 0]
    assert table.one_of(("Tom", "<s>")).nonzero()[0].tolist() == [0, 1]


def test_a_step_that_says_nothing_of_itself_is_refused() -> None:
    class Whole:
        def pre_tokenize(self, text: object) -> None:
            """Leave it in one piece."""

    tokenizer = metaspace()
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.PreTokenizer.custom(Whole())
    with pytest.raises(InputError, match=r"a step of its own .*; use a tokenizer that a tokenizer.json can hold"):
        TokenTable.from_tokenizer(tokenizer, len(tokenizer))
