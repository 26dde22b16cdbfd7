"""Patched models in numbers of other types, under autocast, and in training."""

import pytest
import torch

from surrogates.errors import InputError
from surrogates.language.program import Program
from surrogates.library.heads import Head
from surrogates.running.patching import patch
from tests.surrogates.test_patching import PROGRAMS, SINK, patterns, random_ids, run
from tests.tiny_models import tiny_model, tiny_tokenizer


@pytest.mark.parametrize("kind", ["llama", "gpt2", "bert", "gpt_neo"])
def test_bfloat16(kind: str) -> None:
    model, ids = tiny_model(kind).to(torch.bfloat16), random_ids(2, 9)
    with patch(model, tiny_tokenizer(kind), PROGRAMS):
        low = run(model, ids)
        of_program = patterns(model, ids)[0][:, 1]
    assert low.dtype == torch.bfloat16
    wide = tiny_model(kind)
    with patch(wide, tiny_tokenizer(kind), PROGRAMS):
        exact = patterns(wide, ids)[0][:, 1]
    # Scores are computed in float32, so only the finished pattern is rounded.
    assert torch.allclose(of_program.float(), exact, atol=2**-8)


def test_a_patch_may_be_entered_under_autocast() -> None:
    model, ids = tiny_model("llama", attention="sdpa"), random_ids(2, 9)
    with torch.autocast("cpu", dtype=torch.bfloat16), patch(model, tiny_tokenizer(), PROGRAMS):
        low = run(model, ids)
    with patch(model, tiny_tokenizer(), PROGRAMS):
        exact = run(model, ids)
    assert torch.allclose(low.float(), exact, atol=0.2)
    assert not torch.equal(low.float(), exact)


def test_a_step_under_autocast_computes_what_the_whole_text_does() -> None:
    model, ids = tiny_model("llama", attention="sdpa"), random_ids(2, 9)
    weighed = Program.parse('''
def attend(query, key, pair, a=2.0):
    """A product of two sides."""
    return a * weights(query, {}, is_comma=1.3, is_word_start=-0.7) * weights(key, {"a": 1.1}, is_alphabetic=0.3)
''')
    assignment = dict(PROGRAMS) | {Head(0, 0): weighed}
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16), patch(model, tiny_tokenizer(), assignment):
        whole = model(ids, use_cache=False).logits[:, 8:]
        cache = model(ids[:, :8], use_cache=True).past_key_values
        step = model(ids[:, 8:], past_key_values=cache).logits
    assert torch.allclose(step.float(), whole.float(), atol=0.02)


def test_a_model_that_computes_attention_otherwise_now_is_proved_anew() -> None:
    model, ids = tiny_model("llama"), random_ids(2, 9)
    with patch(model, tiny_tokenizer(), PROGRAMS):
        expected = run(model, ids)
    model.set_attn_implementation("sdpa")
    with patch(model.to(torch.float64), tiny_tokenizer(), PROGRAMS):
        assert torch.allclose(run(model, ids).float(), expected, atol=1e-4)


def test_gradients_reach_the_weights_of_a_patched_model() -> None:
    model, ids = tiny_model("llama"), random_ids(2, 9)
    with patch(model, tiny_tokenizer(), {Head(0, 1): SINK}):
        model(ids, labels=ids).loss.backward()
    gradient = model.model.layers[0].self_attn.q_proj.weight.grad.reshape(4, -1)
    assert gradient[1].abs().max() == 0
    assert (gradient[[0, 2, 3]].abs().amax(1) > 0).all()


def test_gradients_of_a_single_query_are_those_of_the_whole_text() -> None:
    model, ids = tiny_model("llama", attention="sdpa"), random_ids(2, 9)

    def gradient(*, cached: bool) -> torch.Tensor:
        model.zero_grad()
        given = {"past_key_values": model(ids[:, :8], use_cache=True).past_key_values} if cached else {}
        model(ids[:, 8:] if cached else ids, **given).logits[:, -1].sum().backward()
        return model.model.layers[0].self_attn.q_proj.weight.grad

    with patch(model, tiny_tokenizer(), {Head(0, 1): SINK}):
        torch.testing.assert_close(gradient(cached=True), gradient(cached=False), rtol=1e-3, atol=1e-3)


def test_gradient_checkpointing_is_refused_and_the_model_is_as_before() -> None:
    model, ids = tiny_model("llama"), random_ids(2, 9)
    getattr(model, "activation_checkpointing_enable", model.gradient_checkpointing_enable)()
    model.train()
    with patch(model, tiny_tokenizer(), {Head(0, 1): SINK}):
        with pytest.raises(InputError, match="turn it off first"):
            model(ids, labels=ids)
        with torch.no_grad():
            model(ids)  # nothing runs a second time
        getattr(model, "activation_checkpointing_disable", model.gradient_checkpointing_disable)()
        model(ids, labels=ids).loss.backward()
    assert model.training
    assert all(module.training for module in model.modules())


def test_projections_that_are_run_by_themselves_compute_what_they_ever_do() -> None:
    model, ids = tiny_model("llama", attention="sdpa"), random_ids(2, 9)
    attention, states = model.model.layers[0].self_attn, torch.ones(1, 3, 32)
    with torch.no_grad():
        expected = attention.q_proj(states), attention.k_proj(states)
        with patch(model, tiny_tokenizer(), {Head(0, head): SINK for head in range(4)}):
            model(ids, use_cache=False)
            assert torch.equal(attention.q_proj(states), expected[0])
            assert torch.equal(attention.k_proj(states), expected[1])
