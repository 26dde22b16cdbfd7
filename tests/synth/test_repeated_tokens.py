"""Scores on random tokens that come twice: what is drawn, and which heads look where."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import transformers

import synth.repeated_tokens
from surrogates.language.tokens import TokenTable
from surrogates.library.head_scores import HeadScores
from surrogates.library.heads import Head
from synth.attention import pattern_on
from synth.corpus import Split
from synth.demo import MODEL_FOLDER
from synth.demo.stories import generate_stories
from synth.material import Material
from synth.models import LoadedModel, describe_model, encode, load_model
from synth.repeated_tokens import measure_scores
from tests.tiny_models import ENCODERS, TEXTS, WINDOW, tiny_model, tiny_tokenizer

LONG = 40
BROKEN = "é it was ü, and ë 🙂"


def material_of(loaded: LoadedModel, texts: list[str]) -> Material:
    embeddings = loaded.model.get_input_embeddings().weight.detach()
    splits: list[Split] = ["train", "validation", *(["test"] * (len(texts) - 2))]  # type: ignore[list-item]
    return Material.build(
        Path(), TokenTable.from_tokenizer(loaded.tokenizer, len(embeddings)), embeddings, encode(loaded, texts, LONG),
        splits, causal=loaded.causal, windows=loaded.windows,
    )  # fmt: skip


def tiny(kind: str) -> tuple[LoadedModel, Material]:
    loaded = describe_model(kind, tiny_model(kind), tiny_tokenizer(kind))
    return loaded, material_of(loaded, [*TEXTS, BROKEN])


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[list[list[int]]]:
    """The batches of texts that the model is shown."""
    batches: list[list[list[int]]] = []
    own = synth.repeated_tokens.batch_patterns

    def noted(loaded: LoadedModel, ids: list[list[int]]) -> Any:
        batches.append(ids)
        return own(loaded, ids)

    monkeypatch.setattr(synth.repeated_tokens, "batch_patterns", noted)
    return batches


def test_heads_of_the_bundled_model_are_what_they_are_known_for() -> None:
    loaded = load_model(str(MODEL_FOLDER))
    scores = measure_scores(loaded, material_of(loaded, generate_stories(40, 0)), LONG, 0)
    assert list(scores) == loaded.heads
    for head, own in scores.items():
        assert own.induction is not None
        assert own.previous_token is not None
        assert (own.induction > 0.5) == (head in {Head(2, 0), Head(2, 2), Head(2, 4), Head(3, 7)})
        assert (own.previous_token > 0.5) == (head == Head(0, 0))


@pytest.mark.parametrize("kind", ["llama", "gpt_neox", "opt"])
def test_scores_are_mean_attention_on_what_was_drawn(kind: str, drawn: list[list[list[int]]]) -> None:
    loaded, material = tiny(kind)
    scores = measure_scores(loaded, material, LONG, 3)
    (texts,) = drawn
    count = (len(texts[0]) - loaded.add_bos) // 2
    for head in (Head(0, 1), Head(1, 3)):
        found: dict[str, list[float]] = {name: [] for name in vars(scores[head]) if name != "missing_mass"}
        for text in texts:
            pattern = pattern_on(loaded, head, text)
            for query in range(len(text) - count, len(text)):
                earlier = text.index(text[query])
                found["induction"].append(pattern[query, earlier + 1])
                found["duplicate_token"].append(pattern[query, earlier])
                found["previous_token"].append(pattern[query, query - 1])
                found["current_token"].append(pattern[query, query])
                found["first_token"].append(pattern[query, 0])
        means = {name: np.mean(own) for name, own in found.items()}
        assert vars(scores[head]) == pytest.approx(means | {"missing_mass": None}, abs=1e-3)


@pytest.mark.parametrize("kind", ["llama", "gpt2", "bert"])
@pytest.mark.parametrize("longest", [12, LONG, 64])
def test_ordinary_tokens_come_twice(kind: str, longest: int, drawn: list[list[list[int]]]) -> None:
    loaded, material = tiny(kind)
    assert material.table.broken
    measure_scores(loaded, material, longest, 0)
    (texts,) = drawn
    tokenizer = loaded.tokenizer
    special = material.table.columns["is_special"]
    ordinary = {
        token for row, token in enumerate(material.vocabulary) if not special[row] and row not in material.table.broken
    }
    for text in texts:
        assert len(text) <= longest
        if loaded.add_bos:
            assert text[0] == tokenizer.bos_token_id
        copies = text[loaded.add_bos :]
        half = len(copies) // 2
        assert copies[:half] == copies[half:]
        assert len(set(copies)) == half == min(25, (longest - loaded.add_bos) // 2, len(ordinary))
        assert set(copies) <= ordinary
    assert len(set(map(tuple, texts))) == len(texts)


def test_a_seed_gives_the_same_scores() -> None:
    loaded, material = tiny("llama")
    assert measure_scores(loaded, material, LONG, 1) == measure_scores(loaded, material, LONG, 1)
    assert measure_scores(loaded, material, LONG, 1) != measure_scores(loaded, material, LONG, 2)


@pytest.mark.parametrize("kind", ENCODERS)
def test_where_the_next_token_is_seen_there_is_no_induction(kind: str) -> None:
    loaded, material = tiny(kind)
    for own in measure_scores(loaded, material, LONG, 0).values():
        assert own.induction is None
        assert own.duplicate_token is not None
        assert own.previous_token is not None


@pytest.mark.parametrize("longest", [2, 8])
def test_texts_too_short_to_repeat_anything_are_not_measured(longest: int, drawn: list[list[list[int]]]) -> None:
    loaded, material = tiny("llama")
    assert measure_scores(loaded, material, longest, 0) == dict.fromkeys(loaded.heads, HeadScores())
    assert drawn == []


def test_a_window_that_reaches_no_copy_is_not_measured(drawn: list[list[list[int]]]) -> None:
    loaded, material = tiny("gemma2")  # a window on the first layer
    assert loaded.windows == (WINDOW, None)
    scores = measure_scores(loaded, material, LONG, 0)
    assert [head.layer for head, own in scores.items() if own == HeadScores()] == [0] * 4
    assert len(drawn) == 1


def test_within_a_window_fewer_tokens_are_repeated(drawn: list[list[list[int]]]) -> None:
    config = tiny_model("gemma2").config
    config.sliding_window = 7
    loaded = describe_model("gemma2", transformers.Gemma2ForCausalLM(config), tiny_tokenizer("gemma2"))
    assert loaded.windows == (7, None)
    scores = measure_scores(loaded, material_of(loaded, [*TEXTS, BROKEN]), LONG, 0)
    assert sorted(len(texts[0]) for texts in drawn) == [1 + 2 * 6, 1 + 2 * 19]
    assert all(own.induction is not None for own in scores.values())
