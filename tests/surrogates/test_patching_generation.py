"""Generation with a patched model: a cache changes the speed, never the tokens."""

import copy
from typing import Any

import pytest
import torch
from transformers import DynamicCache, PreTrainedModel, StaticCache

from surrogates.errors import InputError
from surrogates.language.program import Program
from surrogates.library.heads import Head
from surrogates.running.assignment import Assignment, Baseline
from surrogates.running.patching import patch
from tests.surrogates.test_patching import PROGRAMS, padded, random_ids
from tests.tiny_models import DECODERS, WINDOW, tiny_model, tiny_tokenizer

NEW = WINDOW + 2
EVERY: Assignment = dict(PROGRAMS) | {Head(0, 0): Baseline.FIRST, Head(1, 3): Baseline.UNIFORM}

COUNTS = Program.parse('''
def attend(query, key, pair, again=1.0, word=0.2):
    """Counts of what came before."""
    return again * key.occurrences + word * pair.word_distance + 2 * pair.same_token + key.is_first
''')
EXCLUDES = Program.parse('''
def attend(query, key, pair):
    """Scores that may be infinite."""
    return where(key.is_comma, -inf, key.index)
''')


def generate(model: PreTrainedModel, ids: torch.Tensor, mask: torch.Tensor | None = None, **options: Any) -> list[Any]:
    """New tokens and the scores that chose them."""
    settings: dict[str, Any] = {"max_new_tokens": NEW, "do_sample": False, "eos_token_id": None} | options
    found = model.generate(
        ids,
        attention_mask=torch.ones_like(ids) if mask is None else mask,
        return_dict_in_generate=True,
        output_logits=True,
        **settings,
    )
    return [found.sequences[:, ids.shape[1] :], torch.stack(found.logits)]


def assert_same(first: list[Any], second: list[Any]) -> None:
    assert torch.equal(first[0], second[0])
    assert torch.allclose(first[1], second[1], atol=1e-3)


@pytest.mark.parametrize("side", ["none", "left"])
@pytest.mark.parametrize("kind", DECODERS)
def test_a_growing_cache_gives_the_tokens_of_none(kind: str, side: str) -> None:
    model, tokenizer = tiny_model(kind), tiny_tokenizer(kind)
    rows = [random_ids(1, tokens, seed=tokens)[0] for tokens in ((7, 7) if side == "none" else (7, 4))]
    ids, mask = padded(rows, "left", 0)
    with patch(model, tokenizer, EVERY):
        assert_same(generate(model, ids, mask, use_cache=True), generate(model, ids, mask, use_cache=False))


@pytest.mark.parametrize("side", ["none", "left"])
@pytest.mark.parametrize("kind", ["llama", "mistral", "gemma2", "gpt2"])
def test_a_static_cache_gives_the_tokens_of_none(kind: str, side: str) -> None:
    model, tokenizer = tiny_model(kind), tiny_tokenizer(kind)
    rows = [random_ids(1, tokens, seed=tokens)[0] for tokens in ((7, 7) if side == "none" else (7, 4))]
    ids, mask = padded(rows, "left", 0)
    with patch(model, tokenizer, EVERY):
        static = generate(model, ids, mask, cache_implementation="static")
        assert_same(static, generate(model, ids, mask, use_cache=False))


@pytest.mark.parametrize("kind", ["llama", "mistral", "gpt_neo"])
def test_beam_search_moves_the_tokens_with_the_cache(kind: str) -> None:
    model, tokenizer = tiny_model(kind), tiny_tokenizer(kind)
    ids, mask = padded([random_ids(1, 6, seed=1)[0], random_ids(1, 4, seed=2)[0]], "left", 0)
    with patch(model, tokenizer, EVERY):
        cached = generate(model, ids, mask, num_beams=4, use_cache=True)
        assert_same(cached, generate(model, ids, mask, num_beams=4, use_cache=False))


@pytest.mark.parametrize("kind", ["llama", "gemma2"])
def test_assisted_generation_crops_the_tokens_with_the_cache(kind: str) -> None:
    model, tokenizer = tiny_model(kind), tiny_tokenizer(kind)
    # The assistant is another model, so that some of its guesses are turned down.
    assistant, ids = tiny_model("llama"), random_ids(1, 6)
    with patch(model, tokenizer, EVERY):
        assisted = generate(model, ids, assistant_model=assistant)
        assert_same(assisted, generate(model, ids, use_cache=False))


@pytest.mark.parametrize("kind", DECODERS)
def test_a_text_read_in_pieces_equals_the_text_read_at_once(kind: str) -> None:
    model, ids = tiny_model(kind), random_ids(2, 11)
    with torch.no_grad(), patch(model, tiny_tokenizer(kind), EVERY):
        whole = model(ids).logits
        # The first call makes its own cache.
        parts = [model(ids[:, :5], use_cache=True)]
        for piece in (ids[:, 5:6], ids[:, 6:9], ids[:, 9:]):
            parts.append(model(piece, past_key_values=parts[-1].past_key_values, use_cache=True))
    assert torch.allclose(torch.cat([part.logits for part in parts], dim=1), whole, atol=1e-4)


def test_a_copied_cache_keeps_its_own_tokens() -> None:
    model, prompt = tiny_model("llama"), random_ids(2, 6)
    swapped = torch.tensor([1, 0])
    with torch.no_grad(), patch(model, tiny_tokenizer(), EVERY):
        cache = model(prompt, use_cache=True).past_key_values
        other = copy.deepcopy(cache)
        other.reorder_cache(swapped)
        new = random_ids(2, 3, seed=5)
        for tokens, past in ((prompt, cache), (prompt[swapped], other)):
            expected = model(torch.cat([tokens, new], dim=1)).logits[:, -3:]
            assert torch.allclose(model(new, past_key_values=past).logits, expected, atol=1e-4)


def test_a_cache_that_is_repeated_selected_and_cropped_keeps_its_tokens() -> None:
    model, prompt, new = tiny_model("llama"), random_ids(2, 6), random_ids(2, 3, seed=5)
    with torch.no_grad(), patch(model, tiny_tokenizer(), EVERY):
        cache = model(prompt, use_cache=True).past_key_values
        cache.batch_repeat_interleave(2)
        cache.batch_select_indices(torch.tensor([3, 0]))
        cache.crop(-2)
        expected = model(torch.cat([prompt[[1, 0], :4], new], dim=1)).logits[:, -3:]
        assert torch.allclose(model(new, past_key_values=cache).logits, expected, atol=1e-4)


def test_padding_that_a_later_mask_shows_is_read_as_tokens() -> None:
    model, ids = tiny_model("llama"), random_ids(2, 9)
    mask = torch.ones_like(ids)
    mask[1, :4] = 0
    with torch.no_grad(), patch(model, tiny_tokenizer(), {Head(0, head): COUNTS for head in range(4)}):
        cache = model(ids[:, :8], attention_mask=mask[:, :8], use_cache=True).past_key_values
        # Values of the first layer are those of the tokens alone, whatever was hidden.
        step = model(ids[:, 8:], past_key_values=cache, output_hidden_states=True).hidden_states[1]
        whole = model(ids, use_cache=False, output_hidden_states=True).hidden_states[1]
    assert torch.allclose(step, whole[:, 8:], atol=1e-5)


def test_padding_that_sees_nothing_puts_out_what_it_does_in_the_whole_text() -> None:
    model, ids = tiny_model("llama"), random_ids(2, 9)
    mask = torch.ones_like(ids)
    mask[1, :8] = 0
    with torch.no_grad(), patch(model, tiny_tokenizer(), {Head(0, 0): EXCLUDES, Head(0, 1): COUNTS}):
        whole = model(ids, attention_mask=mask, use_cache=False).logits
        cache, found = DynamicCache(), []
        for begin, end in ((0, 6), (6, 7), (7, 8), (8, 9)):
            found.append(model(ids[:, begin:end], attention_mask=mask[:, :end], past_key_values=cache).logits)
    assert torch.isfinite(torch.cat(found, dim=1)).all()
    assert torch.allclose(found[-1], whole[:, 8:], atol=1e-4)


def test_tokens_may_be_written_over_the_last_ones() -> None:
    model, ids = tiny_model("llama"), random_ids(2, 9)
    with torch.no_grad(), patch(model, tiny_tokenizer(), {Head(0, 0): COUNTS}):
        whole, cache, buffer = model(ids, use_cache=False).logits, DynamicCache(), torch.zeros_like(ids[:, :3])
        found = [model(buffer.copy_(part), past_key_values=cache).logits for part in ids.split(3, dim=1)]
    assert torch.allclose(torch.cat(found, dim=1), whole, atol=1e-4)


def test_a_static_cache_can_be_reset() -> None:
    model, ids = tiny_model("llama"), random_ids(1, 6)
    cache = StaticCache(config=model.config, max_cache_len=16)
    with torch.no_grad(), patch(model, tiny_tokenizer(), EVERY):
        model(random_ids(1, 9, seed=3), past_key_values=cache)
        cache.reset()
        assert torch.allclose(model(ids, past_key_values=cache).logits, model(ids).logits, atol=1e-4)


def test_a_cache_filled_outside_the_patch_is_refused() -> None:
    model, ids = tiny_model("llama"), random_ids(1, 6)
    with torch.no_grad():
        cache = model(ids, past_key_values=DynamicCache(config=model.config)).past_key_values
        with patch(model, tiny_tokenizer(), PROGRAMS), pytest.raises(InputError, match="fill the cache inside"):
            model(ids[:, :1], past_key_values=cache)


@pytest.mark.parametrize("change", ["cropped and filled", "reset and filled", "filled further", "copied and filled"])
def test_a_cache_that_another_model_fills_is_refused(change: str) -> None:
    model, ids, other = tiny_model("llama"), random_ids(1, 6), random_ids(1, 9, seed=4)
    with torch.no_grad():
        with patch(model, tiny_tokenizer(), EVERY):
            cache = model(ids, use_cache=True).past_key_values
        if change == "copied and filled":
            cache = copy.deepcopy(cache)
        if change == "cropped and filled":
            cache.crop(-2)
            model(other[:, :2], past_key_values=cache)
        elif change == "reset and filled":
            cache.reset()
            model(other, past_key_values=cache)
            cache.crop(-3)
        else:
            model(other[:, :2], past_key_values=cache)
            cache.crop(-2)
        assert cache.get_seq_length() == 6
        with patch(model, tiny_tokenizer(), EVERY), pytest.raises(InputError, match="fill the cache inside"):
            model(ids[:, :1], past_key_values=cache)


def test_a_cache_is_gone_on_with_after_the_patch_was_left_and_entered_anew() -> None:
    model, ids = tiny_model("llama"), random_ids(1, 8)
    with torch.no_grad():
        with patch(model, tiny_tokenizer(), EVERY):
            cache = model(ids[:, :5], use_cache=True).past_key_values
            whole = model(ids).logits[:, 5:]
        with patch(model, tiny_tokenizer(), EVERY):
            assert torch.allclose(model(ids[:, 5:], past_key_values=cache).logits, whole, atol=1e-4)


def test_a_cache_whose_filling_was_broken_off_is_refused() -> None:
    model, ids = tiny_model("llama"), random_ids(1, 6)

    def stop(*_: object) -> None:
        raise RuntimeError("stop")

    with torch.no_grad(), patch(model, tiny_tokenizer(), EVERY):
        cache = model(ids, use_cache=True).past_key_values
        hook = model.model.layers[1].register_forward_pre_hook(stop)
        with pytest.raises(RuntimeError, match="stop"):
            model(ids[:, :1], past_key_values=cache)
        hook.remove()
        with pytest.raises(InputError, match="fill the cache inside"):
            model(ids[:, :1], past_key_values=cache)


@pytest.mark.parametrize("implementation", ["offloaded", "static", "offloaded_static"])
@pytest.mark.parametrize("kind", ["llama", "mistral"])
def test_other_caches_give_the_tokens_of_none(kind: str, implementation: str) -> None:
    model, ids = tiny_model(kind, attention="sdpa"), random_ids(2, 7)
    if implementation.startswith("offloaded") and not torch.cuda.is_available():
        pytest.skip("what is offloaded comes back by streams of a GPU")
    with patch(model, tiny_tokenizer(kind), EVERY):
        cached = generate(model, ids, cache_implementation=implementation)
        assert_same(cached, generate(model, ids, use_cache=False))


def test_sampling_with_a_seed_gives_the_same_tokens_with_a_cache_and_without() -> None:
    model, ids = tiny_model("llama", attention="sdpa"), random_ids(2, 7)
    found = []
    with patch(model, tiny_tokenizer(), EVERY):
        for use_cache in (True, False):
            torch.manual_seed(3)
            found.append(generate(model, ids, do_sample=True, use_cache=use_cache))
    assert_same(*found)


def test_early_exit_leaves_out_layers_and_the_model_as_it_was() -> None:
    model, ids = tiny_model("llama", layers=3), random_ids(1, 6)
    assignment = dict(EVERY) | {Head(2, 1): Baseline.UNIFORM}
    with patch(model, tiny_tokenizer(), assignment):
        early = generate(model, ids, assistant_early_exit=2)
        assert_same(early, generate(model, ids, use_cache=False))
    assert model.config.num_hidden_layers == 3


def test_generation_from_embeddings_is_refused() -> None:
    model = tiny_model("llama")
    with patch(model, tiny_tokenizer(), PROGRAMS), pytest.raises(InputError, match="input_ids"):
        model.generate(inputs_embeds=torch.zeros(1, 4, 32), max_new_tokens=2)
