"""The bundled demo: its stories, and that the shipped model is what its README says."""

import re
from collections import Counter

import numpy as np
import pytest
import torch

from synth.demo import DEMO_SEED, MODEL_FOLDER, TEST_SEED, TRAINING_SEED, VALIDATION_SEED, demo_stories
from synth.demo.measure import Loaded, NGrams, head_scores, load, model_loss, rows_of
from synth.demo.stories import generate_stories, longest_repeat
from synth.demo.train import CONTEXT, training_stories


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    """The shipped model."""
    return load()


def test_stories_come_from_their_seed_alone() -> None:
    assert generate_stories(50, seed=7) == generate_stories(80, seed=7)[:50]
    assert generate_stories(50, seed=7) != generate_stories(50, seed=8)


def test_stories_differ_within_and_between_seeds() -> None:
    first, second = generate_stories(3000, seed=7), generate_stories(3000, seed=8)
    assert len(set(first)) == len(first)
    assert not set(first) & set(second)


def test_stories_are_short_whole_english_texts() -> None:
    stories = generate_stories(2000, seed=7)
    lengths = [len(story.split()) for story in stories]
    assert 60 <= np.mean(lengths) <= 120
    assert max(lengths) <= 200
    for story in stories:
        assert story == story.strip()
        assert not re.search(r"[{}]|  | \n|\n ", story)
        assert story.isascii()
        assert story.count('"') % 2 == 0


def test_a_fifth_to_a_third_of_the_stories_repeat_a_refrain() -> None:
    stories = generate_stories(2000, seed=7)
    share = np.mean([len(longest_repeat(story)) >= 8 for story in stories])
    assert 0.2 <= share <= 1 / 3


def test_the_longest_repeat_does_not_overlap_itself() -> None:
    assert longest_repeat("a b c, d a b c, e") == ["a", "b", "c,"]
    assert longest_repeat("la la la la la") == ["la", "la"]
    assert longest_repeat("all words differ") == []


def test_refrains_use_many_different_words() -> None:
    refrains = [longest_repeat(story) for story in generate_stories(2000, seed=7)]
    counted = Counter(word for refrain in refrains if len(refrain) >= 8 for word in refrain)
    assert len(counted) > 2000


def test_the_demo_corpus_was_never_trained_on() -> None:
    corpus = demo_stories()
    assert len(set(corpus)) == len(corpus) >= 2000
    assert DEMO_SEED not in (TRAINING_SEED, VALIDATION_SEED, TEST_SEED)
    for trained_on in training_stories():
        assert not set(corpus) & set(trained_on)


def test_the_folder_is_small() -> None:
    assert sum(path.stat().st_size for path in MODEL_FOLDER.iterdir()) <= 4_000_000


def test_the_model_is_a_small_gpt2_in_float32(loaded: Loaded) -> None:
    config = loaded.model.config
    assert config.model_type == "gpt2"
    assert config.num_hidden_layers >= 4
    assert config.num_hidden_layers * config.num_attention_heads >= 32
    assert {parameter.dtype for parameter in loaded.model.parameters()} == {torch.float32}
    assert config.vocab_size == len(loaded.tokenizer)
    assert config.bos_token_id == loaded.tokenizer.bos_token_id


@pytest.mark.parametrize(
    "text", ['A short story.\n"Yes," said Ada.', " two  spaces , and\ttabs", "Zoë: 3 × 5 ≠ 16 🙂", ""]
)
def test_the_tokenizer_gives_the_text_back_behind_bos(loaded: Loaded, text: str) -> None:
    ids = loaded.tokenizer(text)["input_ids"]
    assert ids[0] == loaded.tokenizer.bos_token_id
    assert loaded.tokenizer.decode(ids, skip_special_tokens=True) == text
    assert loaded.tokenizer(text, add_special_tokens=False)["input_ids"] == ids[1:]


def test_the_model_beats_a_bigram_model_by_far(loaded: Loaded) -> None:
    ngrams = NGrams(rows_of(loaded.tokenizer, generate_stories(8000, TRAINING_SEED), CONTEXT), len(loaded.tokenizer))
    test = rows_of(loaded.tokenizer, generate_stories(40, TEST_SEED), CONTEXT)
    # The weight is even chosen on the test stories: the best that any of these bigram models could do.
    bigram = ngrams.loss(test, ngrams.best_weight(test))
    assert bigram < ngrams.loss(test, 0.0)
    assert np.exp(model_loss(loaded, test)) < np.exp(bigram) / 2


def test_the_model_has_a_previous_token_head_and_an_induction_head(loaded: Loaded) -> None:
    scores = head_scores(loaded, sequences=16)
    assert scores.previous.max() >= 0.5
    assert scores.induction.max() >= 0.3
    assert scores.induction.max(axis=1).argmax() > scores.previous.max(axis=1).argmax()
