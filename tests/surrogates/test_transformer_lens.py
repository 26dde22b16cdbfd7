"""A program in a TransformerBridge does what it does in the Hugging Face model, or is refused."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import PreTrainedModel

from surrogates import Head, Program, patch, transformer_lens_hook
from surrogates.errors import InputError, ProgramFailed
from tests.tiny_models import DECODERS, TEXTS, tiny_model, tiny_tokenizer

bridges = pytest.importorskip("transformer_lens.model_bridge", reason="needs the extra headsynth[transformer-lens]")

LEFT_TO_MODULE = ["gpt_neo", "opt"]
"""Kinds whose attention TransformerLens leaves to the Hugging Face module."""
RECENT = Program.parse('''
def attend(query, key, pair, sink=2.0, recency=0.7, same=1.5):
    """The first token, the recent past, the same token, and commas."""
    return sink * key.is_first - recency * pair.log_distance + same * pair.same_token + key.is_comma
''')
SCRIPTED = Program.parse('''
def attend(query, key, pair, weight=3.0):
    """Tokens that stand in the text before them, special ones aside."""
    s = pair.zeros()
    for i in range(len(query)):
        for j in range(i + 1):
            s[i, j] += weight * (query.text[i] == key.text[j]) * key.length[j] - key.is_special[j]
    return s
''')
SIMILAR = Program.parse('''
def attend(query, key, pair, weight=4.0):
    """Tokens of like meaning."""
    return weight * pair.similarity
''')
NOT_A_NUMBER = Program.parse('''
def attend(query, key, pair):
    """Infinity less infinity."""
    return inf * key.is_first - inf * key.is_first
''')
PROGRAMS = {Head(0, 1): RECENT, Head(0, 2): SIMILAR, Head(1, 3): SCRIPTED, Head(1, 0): RECENT}


def bridge_to(model: PreTrainedModel, kind: str, folder: Path) -> Any:
    """A bridge to the model, which it loads from a folder."""
    model.save_pretrained(folder)
    tiny_tokenizer(kind).save_pretrained(folder)
    return bridges.TransformerBridge.boot_transformers(str(folder), device="cpu").eval()


def batch(kind: str, side: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and mask of a few texts, padded on a side."""
    tokenizer = tiny_tokenizer(kind)
    tokenizer.padding_side = side
    found = tokenizer(TEXTS[:3], return_tensors="pt", padding=True)
    return found["input_ids"], found["attention_mask"]


def hooks(bridge: Any, tokens: torch.Tensor, programs: dict[Head, Program] = PROGRAMS) -> list[Any]:
    return [transformer_lens_hook(program, head, bridge, tokens) for head, program in programs.items()]


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("kind", [kind for kind in DECODERS if kind not in LEFT_TO_MODULE])
def test_logits_are_those_of_a_patched_model(kind: str, side: str, tmp_path: Path) -> None:
    model, (ids, mask) = tiny_model(kind), batch(kind, side)
    bridge = bridge_to(model, kind, tmp_path)
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    with torch.no_grad():
        own = bridge(ids, attention_mask=mask)
        found = bridge.run_with_hooks(ids, attention_mask=mask, fwd_hooks=hooks(bridge, ids))
        with patch(model, tiny_tokenizer(kind), PROGRAMS):
            expected = model(input_ids=ids, attention_mask=mask, position_ids=positions).logits
        after = bridge(ids, attention_mask=mask)
    real = mask.bool()
    assert torch.allclose(found[real], expected[real], atol=1e-4)
    assert (found - own)[real].abs().max() > 0.1
    assert torch.equal(after, own)


def test_the_pattern_is_the_programs(tmp_path: Path) -> None:
    bridge = bridge_to(tiny_model("llama"), "llama", tmp_path)
    tokens = bridge.to_tokens(TEXTS[0])
    with bridge.hooks(fwd_hooks=hooks(bridge, tokens[0])):
        _, cache = bridge.run_with_cache(tokens)
    expected = torch.from_numpy(RECENT.pattern(TEXTS[0], tiny_tokenizer()).weights)
    assert torch.allclose(cache["pattern", 0][0, 1], expected, atol=1e-6)


def test_keys_that_the_head_itself_leaves_out_are_still_seen(tmp_path: Path) -> None:
    model, ids = tiny_model("gpt2"), torch.tensor([tiny_tokenizer("gpt2")(TEXTS[0])["input_ids"]])
    with torch.no_grad():
        for block in model.transformer.h:
            block.attn.c_attn.weight[:, :32] *= 1000  # scores so far apart that most of the softmax is zero
        bridge = bridge_to(model, "gpt2", tmp_path)
        found = bridge.run_with_hooks(ids, fwd_hooks=hooks(bridge, ids, {Head(1, 3): RECENT}))
        with patch(model, tiny_tokenizer("gpt2"), {Head(1, 3): RECENT}):
            assert torch.allclose(found, model(input_ids=ids).logits, atol=1e-4)


def test_compatibility_mode(tmp_path: Path) -> None:
    model, (ids, _) = tiny_model("gpt2"), batch("gpt2", "right")
    bridge = bridge_to(model, "gpt2", tmp_path)
    bridge.enable_compatibility_mode(disable_warnings=True)
    programs = {head: program for head, program in PROGRAMS.items() if program is not SIMILAR}
    with torch.no_grad():
        found = bridge.run_with_hooks(ids, fwd_hooks=hooks(bridge, ids, programs))
        with patch(model, tiny_tokenizer("gpt2"), programs):
            expected = model(input_ids=ids).logits
    # It centres the logits.
    assert torch.allclose(found.log_softmax(-1), expected.log_softmax(-1), atol=1e-4)
    with pytest.raises(InputError, match="compares the model's input embeddings"):
        hooks(bridge, ids)


def test_gradients_reach_what_comes_before(tmp_path: Path) -> None:
    bridge, (ids, _) = bridge_to(tiny_model("gpt2"), "gpt2", tmp_path), batch("gpt2", "right")
    bridge.run_with_hooks(ids, fwd_hooks=hooks(bridge, ids, {Head(1, 0): RECENT})).sum().backward()
    assert bridge.original_model.get_input_embeddings().weight.grad.abs().sum() > 0


@pytest.mark.parametrize("kind", LEFT_TO_MODULE)
def test_what_would_have_no_effect_is_refused(kind: str, tmp_path: Path) -> None:
    bridge, (ids, _) = bridge_to(tiny_model(kind), kind, tmp_path), batch(kind, "right")
    for _ in range(2):
        with pytest.raises(InputError, match=r"leaves the attention of L0H1 .* use patch"):
            bridge.run_with_hooks(ids, fwd_hooks=hooks(bridge, ids))


def test_other_tokens_are_refused(tmp_path: Path) -> None:
    bridge = bridge_to(tiny_model("gpt2"), "gpt2", tmp_path)
    tokens = bridge.to_tokens(TEXTS[0])[:, :8]
    with pytest.raises(InputError, match="made for other tokens"):
        bridge.run_with_hooks(tokens.flip(1), fwd_hooks=hooks(bridge, tokens))
    with bridge.hooks(fwd_hooks=hooks(bridge, tokens)), pytest.raises(InputError, match="made for other tokens"):
        bridge.generate(tokens, max_new_tokens=2, do_sample=False, verbose=False)


def test_a_cache_is_refused(tmp_path: Path) -> None:
    bridge = bridge_to(tiny_model("gpt2"), "gpt2", tmp_path)
    tokens = bridge.to_tokens(TEXTS[0])[:, :8]
    _, cache = bridge(tokens, return_type="logits_and_cache", use_past_kv_cache=True)
    with pytest.raises(InputError, match=r"\(1, 4, 8, 16\) .* without a key/value cache"):
        bridge.run_with_hooks(tokens, past_key_values=cache, fwd_hooks=hooks(bridge, tokens))


def test_several_texts_in_a_row_are_refused(tmp_path: Path) -> None:
    bridge = bridge_to(tiny_model("llama"), "llama", tmp_path)
    tokens = bridge.to_tokens(TEXTS[0])[:, :8]
    places = torch.tensor([[0, 1, 2, 3, 4, 0, 1, 2]])
    with pytest.raises(InputError, match="one text a row"):
        bridge.run_with_hooks(tokens, position_ids=places, use_cache=False, fwd_hooks=hooks(bridge, tokens))


def test_a_program_that_fails_is_told(tmp_path: Path) -> None:
    bridge = bridge_to(tiny_model("gpt2"), "gpt2", tmp_path)
    tokens = bridge.to_tokens(TEXTS[0])
    with pytest.raises(ProgramFailed, match="not a number"):
        bridge.run_with_hooks(tokens, fwd_hooks=hooks(bridge, tokens, {Head(0, 0): NOT_A_NUMBER}))


def test_what_is_no_head_no_program_or_no_bridge_is_refused(tmp_path: Path) -> None:
    model = tiny_model("gpt2")
    bridge = bridge_to(model, "gpt2", tmp_path)
    tokens = bridge.to_tokens(TEXTS[0])
    with pytest.raises(InputError, match="L2H0"):
        transformer_lens_hook(RECENT, Head(2, 0), bridge, tokens)
    with pytest.raises(InputError, match="give a Program"):
        transformer_lens_hook(RECENT.source, Head(0, 0), bridge, tokens)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="GPT2LMHeadModel is no TransformerBridge"):
        transformer_lens_hook(RECENT, Head(0, 0), model, tokens)
    bridge.tokenizer = None
    with pytest.raises(InputError, match="no tokenizer"):
        transformer_lens_hook(RECENT, Head(0, 0), bridge, tokens)
