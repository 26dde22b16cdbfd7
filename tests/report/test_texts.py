"""What the page has of a text is what programs see of it, however the text stands in a batch."""

import json

import numpy as np
import pytest
import torch

from evaluation.report.packing import packed
from evaluation.report.texts import SIMILARITY_SCALE, mask_names, number_names, text_value
from evaluation.report.vocabulary import vocabulary_value
from surrogates.language.features import Texts
from surrogates.language.tokens import TokenTable
from surrogates.language.vocabulary import TOKEN_FEATURES
from tests.surrogates import golden
from tests.surrogates.tokenizers_of_kinds import KINDS, TEXTS


@pytest.mark.parametrize("kind", ["byte-level BPE", "WordPiece", "byte fallback"])
@pytest.mark.parametrize("left", [False, True])
def test_padding_is_left_out(kind: str, left: bool) -> None:
    tokenizer = KINDS[kind]()
    lists = [tokenizer(text)["input_ids"] for text in TEXTS.values()]
    embeddings = np.random.default_rng(0).standard_normal((len(tokenizer), 4))
    table = TokenTable.from_tokenizer(tokenizer, len(tokenizer), embeddings)
    n = max(map(len, lists))
    ids, mask = torch.zeros(len(lists), n, dtype=torch.int64), torch.zeros(len(lists), n, dtype=torch.bool)
    for row, tokens in enumerate(lists):
        place = slice(n - len(tokens), n) if left else slice(len(tokens))
        ids[row, place], mask[row, place] = torch.tensor(tokens), True
    batch = Texts(ids, table, mask=mask, causal=True)
    for row, tokens in enumerate(lists):
        found, wanted = (text_value(*of) for of in ((batch, row), (Texts.from_lists([tokens], table, causal=True), 0)))
        assert found["tokens"] == wanted["tokens"] == list(table.spell(tokens))
        for name in ("before", "ids", "masks", "numbers", "similarity"):
            np.testing.assert_array_equal(found[name], wanted[name])


@pytest.mark.parametrize("causal", [True, False])
def test_values_are_those_of_programs_under_their_names(causal: bool) -> None:
    texts = Texts.from_lists([golden.IDS], golden.table(), causal=causal)
    found = text_value(texts, 0)
    masks = found["masks"].reshape(-1, golden.N)
    assert dict(zip(mask_names(causal, ()), map(set, map(np.flatnonzero, masks)), strict=True)) == (
        golden.MASKS | ({} if causal else {"is_last": {golden.N - 1}})
    )
    numbers = dict(zip(number_names(), found["numbers"].reshape(-1, golden.N).tolist(), strict=True))
    known = {name: values for name, values in golden.NUMBERS.items() if name != "index"}
    counted = {"word": [word + 1 for word in golden.WORD], "sentence": [own + 1 for own in golden.SENTENCE]}
    assert numbers == known | counted
    assert found["before"].tolist() == [int(i in golden.MASKS["is_word_start"]) for i in range(golden.N)]
    cosines = [golden.cosine(i, j) for i in range(golden.N) for j in range(i + 1)]
    np.testing.assert_allclose(found["similarity"] / SIMILARITY_SCALE, cosines, atol=1 / SIMILARITY_SCALE)
    assert packed(found)


def test_a_cut_text_keeps_what_is_known_of_its_tokens() -> None:
    texts = Texts.from_lists([golden.IDS], golden.table(), causal=False)
    whole, cut = text_value(texts, 0), text_value(texts, 0, 4)
    assert cut["tokens"] == whole["tokens"][:4]
    for name in ("masks", "numbers"):
        np.testing.assert_array_equal(cut[name].reshape(-1, 4), whole[name].reshape(-1, golden.N)[:, :4])
    np.testing.assert_array_equal(cut["similarity"], whole["similarity"][:10])


def test_without_embeddings_there_is_no_similarity() -> None:
    table = TokenTable.from_surfaces(golden.SURFACES, {0})
    assert text_value(Texts.from_lists([golden.IDS], table, causal=True), 0)["similarity"] is None


def test_every_feature_of_tokens_travels() -> None:
    travels = {*mask_names(False, ()), *number_names()}
    assert travels - {"word", "sentence"} | {"index", "is_one_of"} == set(TOKEN_FEATURES)
    told = json.loads(json.dumps(vocabulary_value(True, ("like_dog",))))
    assert told["classes"] == mask_names(True, ("like_dog",)) and told["clusters"] == ["like_dog"]
