"""What each feature means, and that none looks ahead or at padding."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch

from surrogates.errors import ProgramFailed
from surrogates.language.features import Texts
from surrogates.language.patterns import pattern
from surrogates.language.program import Program
from surrogates.language.tokens import TokenTable
from surrogates.language.vocabulary import (
    FEATURES,
    FITTED,
    FUNCTIONS,
    PAIR_FEATURES,
    TOKEN_FEATURES,
    FeatureUnavailable,
    vocabulary_table,
)
from tests.surrogates import golden

backends = pytest.mark.parametrize("backend", ["numpy", "torch"])
sides = pytest.mark.parametrize("side", ["left", "right"])


def texts(ids: list[list[int]], backend: str = "numpy", mask: np.ndarray | None = None, **extra: Any) -> Texts:
    convert = torch.from_numpy if backend == "torch" else np.asarray
    causal = extra.pop("causal", True)
    padding = None if mask is None else convert(mask)
    return Texts(convert(np.array(ids)), extra.pop("table", golden.table()), mask=padding, causal=causal, **extra)


def surfaces(*strings: str) -> TokenTable:
    return TokenTable.from_surfaces(strings, {0})


@backends
def test_a_text_that_begins_within_a_word_is_counted_from_its_first_token(backend: str) -> None:
    # A mark belongs to the word of the token before it, which may be padding.
    table = surfaces("<pad>", "\u0301", "b")
    alone = texts([[1, 1, 2]], backend, table=table).token("word_position")
    padded = texts([[0, 0, 1, 1, 2]], backend, np.arange(5)[None] > 1, table=table).token("word_position")
    assert padded[0, 2:].tolist() == alone[0].tolist()


def of_keys(batch: Texts, name: str) -> list[float]:
    return np.asarray(getattr(batch.key, name))[0, 0].tolist()


def everything(batch: Texts, encoder: bool) -> dict[str, np.ndarray]:
    """Every feature on a batch, token features by their two nearest neighbours too, each of shape (b, q, n)."""
    values: dict[str, Any] = {}
    for name, feature in TOKEN_FEATURES.items():
        if feature.encoders_only and not encoder:
            continue
        for side in ("query", "key"):
            view = getattr(batch, side)
            for place in (side, f"{side}.previous", f"{side}.previous.previous"):
                values[f"{place}.{name}"] = (
                    view.is_one_of("Tom", ",", "<s>") if name == "is_one_of" else getattr(view, name)
                )
                view = view.previous
    pair = batch.pair
    for name in PAIR_FEATURES.keys() - {"offset", "within", "latest"}:
        values[name] = getattr(pair, name)
    for k in (0, 1, 3):
        values |= {f"offset({k})": pair.offset(k), f"within({k})": pair.within(k)}
    values["latest of keys"] = pair.latest(batch.key.is_word_start)
    values["latest of pairs"] = pair.latest(pair.same_token & ~pair.offset(0))
    return {name: np.broadcast_to(np.asarray(value), batch.visible.shape) for name, value in values.items()}


# Definitions, on the golden text.


@backends
@pytest.mark.parametrize("name", golden.MASKS)
def test_mask_of_a_token(name: str, backend: str) -> None:
    batch = texts([golden.IDS], backend)
    expected = [i in golden.MASKS[name] for i in range(golden.N)]
    assert of_keys(batch, name) == expected
    assert np.asarray(getattr(batch.query, name))[0, :, 0].tolist() == expected
    assert np.asarray(getattr(batch.key.previous, name))[0, 0].tolist() == [False, *expected[:-1]]
    assert np.asarray(getattr(batch.key, name)).dtype == np.bool_


@backends
@pytest.mark.parametrize("name", golden.NUMBERS)
def test_number_of_a_token(name: str, backend: str) -> None:
    batch = texts([golden.IDS], backend)
    expected = golden.NUMBERS[name]
    assert of_keys(batch, name) == expected
    assert np.asarray(getattr(batch.query.previous.previous, name))[0, :, 0].tolist() == [0, 0, *expected[:-2]]
    assert np.asarray(getattr(batch.key, name)).dtype == np.float32


@backends
def test_types_are_those_of_the_vocabulary(backend: str) -> None:
    batch = texts([golden.IDS], backend, causal=False)
    types = {feature.name: feature.type for feature in FEATURES}
    for name, values in everything(batch, encoder=True).items():
        last = name.split(" ")[0].split(".")[-1].split("(")[0]
        assert values.dtype == (np.bool_ if types[last] == "mask" else np.float32), name


def test_is_one_of_knows_special_tokens_by_name() -> None:
    table = surfaces("[CLS]", " the", "[SEP]")
    batch = texts([[0, 1, 2]], table=table, causal=False)
    assert np.asarray(batch.key.is_one_of("[CLS]"))[0, 0].tolist() == [True, False, False]
    assert np.asarray(batch.key.is_one_of("the", "[CLS]"))[0, 0].tolist() == [True, True, False]
    assert not np.asarray(batch.key.is_one_of(" the")).any()


@backends
def test_distances_of_encoders_are_signed(backend: str) -> None:
    batch = texts([golden.IDS], backend, causal=False)
    place = np.arange(golden.N)
    word, sentence = np.array(golden.WORD), np.array(golden.SENTENCE)
    for name, values in (("distance", place), ("word_distance", word), ("sentence_distance", sentence)):
        np.testing.assert_array_equal(np.asarray(getattr(batch.pair, name))[0], values[:, None] - values[None, :])
    expected = np.log(1 + np.abs(place[:, None] - place[None, :]))
    np.testing.assert_allclose(np.asarray(batch.pair.log_distance)[0], expected, rtol=1e-6)
    np.testing.assert_array_equal(np.asarray(batch.pair.offset(-2))[0], place[:, None] - place[None, :] == -2)
    np.testing.assert_array_equal(np.asarray(batch.pair.within(1))[0], np.abs(place[:, None] - place[None, :]) <= 1)
    assert np.asarray(batch.visible).all()


@backends
def test_distances_are_zero_where_a_causal_query_sees_nothing(backend: str) -> None:
    batch = texts([golden.IDS], backend)
    invisible = ~np.asarray(batch.visible)
    for name in ("distance", "log_distance", "word_distance", "sentence_distance"):
        assert not np.asarray(getattr(batch.pair, name))[invisible].any()


def test_is_last_under_padding() -> None:
    mask = np.array([[0, 0, 1, 1, 1], [1, 1, 1, 0, 0]], dtype=bool)
    batch = texts([[1] * 5] * 2, mask=mask, causal=False)
    assert np.asarray(batch.key.is_last)[:, 0].tolist() == [[False] * 4 + [True], [False, False, True, False, False]]


@backends
@pytest.mark.parametrize("place", ["query", "key", "key.previous"])
def test_is_last_is_refused_for_causal_models(place: str, backend: str) -> None:
    program = Program.parse(golden.program(f"{place}.is_last"))
    with pytest.raises(ProgramFailed, match="is_last is for encoders only"):
        pattern(program, texts([[1, 2]], backend))
    with pytest.raises(FeatureUnavailable):
        _ = texts([[1, 2]], backend).key.is_last


@backends
def test_similarity_needs_embeddings(backend: str) -> None:
    batch = texts([[0, 1]], backend, table=surfaces("<s>", " a"))
    with pytest.raises(ProgramFailed, match="embeddings"):
        pattern(Program.parse(golden.program("pair.similarity")), batch)


def test_similarity_of_a_zero_vector_is_zero() -> None:
    table = TokenTable.from_surfaces(["<s>", " a"], {0}, np.array([[0.0, 0.0], [3.0, 4.0]]))
    found = np.asarray(texts([[0, 1]], table=table).pair.similarity)
    np.testing.assert_allclose(found[0], [[0, 0], [0, 1]], atol=1e-6)


def test_occurrences_do_not_count_padding() -> None:
    mask = np.array([[0, 0, 1, 1, 1], [1, 1, 1, 0, 0]], dtype=bool)
    batch = texts([[1, 1, 1, 2, 1], [1, 2, 1, 1, 1]], mask=mask)
    assert np.asarray(batch.key.occurrences)[:, 0].tolist() == [[0, 0, 0, 0, 1], [0, 0, 1, 0, 0]]


def test_index_and_previous_start_at_the_text_under_left_padding() -> None:
    batch = texts([[1, 0, 3, 4]], mask=np.array([[False, False, True, True]]))
    assert of_keys(batch, "index") == [0, 0, 0, 1]
    assert of_keys(batch, "is_first") == [False, False, True, False]
    assert np.asarray(batch.key.previous.is_comma)[0, 0].tolist() == [False, False, False, True]
    assert not np.asarray(batch.key.previous.is_special).any()
    # The first token of the text has no neighbour, not even a padding token equal to another's.
    assert np.asarray(batch.pair.same_previous_token)[0].nonzero()[0].tolist() == [3]


def test_neighbours_further_left_than_the_text() -> None:
    view = texts([[1, 2]]).key
    for _ in range(5):
        view = view.previous
        assert not np.asarray(view.is_word_start)[0, 0, 0]
    assert np.asarray(view.length).tolist() == [[[0, 0]]]


@pytest.mark.parametrize(
    ("strings", "words", "sentences"),
    [
        ([" don", "'", "t"], [0, 1, 2], [0, 0, 0]),
        ([" play", "ing", " it"], [0, 0, 1], [0, 0, 0]),
        (["A", "b", ".", " C"], [0, 0, 1, 2], [0, 0, 0, 1]),
        (["A", ".", "\n", "\n", "B"], [0, 1, 2, 3, 4], [0, 0, 0, 0, 1]),
        (["A", "?", "!", " B"], [0, 1, 2, 3], [0, 0, 0, 1]),
    ],
)
def test_words_and_sentences(strings: list[str], words: list[int], sentences: list[int]) -> None:
    table = TokenTable.from_surfaces(strings, set())
    batch = texts([list(range(len(strings)))], table=table, causal=False)
    for name, counts in (("word", words), ("sentence", sentences)):
        assert np.asarray(getattr(batch.pair, f"{name}_distance"))[0, :, 0].tolist() == counts
        starts = [0, *(j for j, (a, b) in enumerate(pairwise(counts), 1) if a != b)]
        since = [i - max(s for s in starts if s <= i) for i in range(len(counts))]
        assert of_keys(batch, f"{name}_position") == since


# Laws.


@backends
def test_nothing_looks_ahead(backend: str) -> None:
    generator = np.random.default_rng(0)
    for n in range(1, 12):
        ids = generator.integers(0, len(golden.SURFACES), (4, 12))
        other = ids.copy()
        other[:, n:] = generator.integers(0, len(golden.SURFACES), (4, 12 - n))
        ours, theirs = (everything(texts(x.tolist(), backend), encoder=False) for x in (ids, other))
        for name in ours:
            before, after = (np.where(np.tril(np.ones((12, 12), bool)), values[name], 0) for values in (ours, theirs))
            np.testing.assert_allclose(before[:, :n], after[:, :n], atol=1e-6, err_msg=name)


@backends
@sides
@pytest.mark.parametrize("causal", [True, False])
def test_padding_changes_no_visible_cell(backend: str, side: str, causal: bool) -> None:
    generator = np.random.default_rng(1)
    ids, mask = generator.integers(0, len(golden.SURFACES), (3, 9)), np.zeros((3, 9), dtype=bool)
    places = [slice(9 - n, 9) if side == "left" else slice(0, n) for n in (9, 5, 1)]
    for row, place in enumerate(places):
        mask[row, place] = True
    together = everything(texts(ids.tolist(), backend, mask, causal=causal), encoder=not causal)
    for row, place in enumerate(places):
        batch = texts([ids[row, place].tolist()], backend, causal=causal)
        for name, alone in everything(batch, encoder=not causal).items():
            visible = np.asarray(batch.visible)[0]
            np.testing.assert_allclose(
                together[name][row, place, place][visible], alone[0][visible], atol=1e-6, err_msg=name
            )


@backends
def test_decoding_step_is_the_last_row(backend: str) -> None:
    ids = np.random.default_rng(2).integers(0, len(golden.SURFACES), (2, 10)).tolist()
    whole = everything(texts(ids, backend), encoder=False)
    for queries in (1, 4):
        for name, values in everything(texts(ids, backend, queries=queries), encoder=False).items():
            np.testing.assert_allclose(values, whole[name][:, -queries:], atol=1e-6, err_msg=name)


@backends
def test_attention_masks_of_ones_and_zeros(backend: str) -> None:
    ids, mask = [[1, 2, 3, 4]], np.array([[0, 1, 1, 1]])
    program = Program.parse(golden.program("~key.is_first & key.previous.is_alphabetic"))
    as_numbers = np.asarray(pattern(program, texts(ids, backend, mask)))
    np.testing.assert_array_equal(as_numbers, np.asarray(pattern(program, texts(ids, backend, mask > 0))))
    assert as_numbers.dtype == np.float32


@backends
def test_from_lists(backend: str) -> None:
    batch = Texts.from_lists([[0, 1, 2], [0]], golden.table(), causal=True, torch_tensors=backend == "torch")
    assert isinstance(batch.ids, torch.Tensor) == (backend == "torch")
    assert np.asarray(batch.visible)[1].tolist() == [[True, False, False], [False] * 3, [False] * 3]
    assert not Texts.from_lists([[0, 1]], golden.table(), causal=True).padded


def test_shape_of_ids_is_checked() -> None:
    with pytest.raises(ValueError, match="shape"):
        Texts(np.array([1, 2]), golden.table(), causal=True)


# Names.


def test_unknown_features_are_attribute_errors() -> None:
    batch = texts([[1, 2]])
    for view, name in ((batch.key, "is_verb"), (batch.query, "distance"), (batch.pair, "is_comma"), (batch.pair, "x")):
        with pytest.raises(AttributeError, match=name):
            getattr(view, name)


def test_vocabulary_table_has_a_row_a_word_and_three_columns() -> None:
    lines = vocabulary_table().splitlines()
    assert len(lines) == 2 + len(FEATURES) + 2 + len(FITTED) + len(FUNCTIONS)
    assert {line.count("|") for line in lines} == {4}
