"""A compact model computes what the patched one does, with less."""

import json
from pathlib import Path

import pytest
import torch
from transformers import LlamaForCausalLM, PreTrainedModel

from surrogates import compact, load_compact
from surrogates.errors import InputError
from surrogates.library.heads import Head
from surrogates.running.assignment import Assignment, Baseline, Recorded
from surrogates.running.patching import patch
from tests.families import make
from tests.surrogates.test_patching import SINK, WORDS, padded, random_ids, run
from tests.surrogates.test_patching_generation import assert_same, generate
from tests.tiny_models import tiny_model, tiny_tokenizer

KINDS = ["llama", "mistral", "qwen3", "gpt2", "gpt_neox", "phi3", "opt", "gpt_neo", "bert", "modernbert"]
ALL: Assignment = {Head(layer, head): (SINK, WORDS)[head % 2] for layer in range(2) for head in range(4)}
SOME: Assignment = {head: ALL[head] for head in (Head(0, 0), Head(0, 1), Head(0, 3), Head(1, 2))}


def weights(model: PreTrainedModel) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize("assignment", [SOME, ALL], ids=["some", "all"])
@pytest.mark.parametrize("kind", KINDS)
def test_it_computes_what_the_patched_model_does(kind: str, assignment: Assignment, tmp_path: Path) -> None:
    model, tokenizer = make(kind), tiny_tokenizer(kind)
    ids, mask = padded([random_ids(1, 11)[0], random_ids(1, 6)[0]], "right", int(tokenizer.pad_token_id))
    real = mask.bool()
    before = run(model, ids, mask)
    with patch(model, tokenizer, assignment):
        expected = run(model, ids, mask)[real]
    found = compact(model, tokenizer, assignment)
    assert torch.allclose(run(found, ids, mask)[real], expected, atol=1e-4)
    assert weights(found) < weights(model)
    found.save_pretrained(tmp_path / "saved")
    loaded, _ = load_compact(tmp_path / "saved")
    assert torch.allclose(run(loaded, ids, mask)[real], expected, atol=1e-4)
    assert weights(loaded) == weights(found)
    assert torch.equal(run(model, ids, mask), before)


@pytest.mark.parametrize("assignment", [SOME, ALL], ids=["some", "all"])
@pytest.mark.parametrize("cache", ["dynamic", "static"])
@pytest.mark.parametrize("kind", ["llama", "mistral", "gpt2", "phi3"])
def test_generation_gives_the_tokens_of_the_patched_model(kind: str, cache: str, assignment: Assignment) -> None:
    model, tokenizer = make(kind), tiny_tokenizer(kind)
    ids, mask = padded([random_ids(1, 7)[0], random_ids(1, 4)[0]], "left", 0)
    with patch(model, tokenizer, assignment):
        expected = generate(model, ids, mask, use_cache=False)
    found = compact(model, tokenizer, assignment)
    assert_same(generate(found, ids, mask, cache_implementation=cache), expected)


def test_a_cache_stores_the_keys_of_kept_heads_alone() -> None:
    model, ids = make("llama"), random_ids(2, 9)
    with torch.no_grad():
        whole = model(ids, use_cache=True).past_key_values
        some = compact(model, tiny_tokenizer(), SOME)(ids, use_cache=True).past_key_values
        none = compact(model, tiny_tokenizer(), ALL)(ids, use_cache=True).past_key_values
    assert [layer.keys.shape for layer in whole.layers] == [(2, 2, 9, 8)] * 2
    # Of the first layer one head is left, of the second one less, whose group another reads.
    assert [layer.keys.shape for layer in some.layers] == [(2, 1, 9, 8), (2, 2, 9, 8)]
    assert [layer.keys.numel() for layer in none.layers] == [2 * 9] * 2
    assert [layer.values.shape for layer in none.layers] == [(2, 2, 9, 8)] * 2
    assert none.get_seq_length() == 9


def test_queries_of_replaced_heads_are_gone() -> None:
    found = compact(make("llama"), tiny_tokenizer(), SOME)
    first, second = (layer.self_attn for layer in found.model.layers)
    assert [first.q_proj.weight.shape, first.k_proj.weight.shape] == [(8, 32), (8, 32)]
    assert [second.q_proj.weight.shape, second.k_proj.weight.shape] == [(24, 32), (16, 32)]


def test_bfloat16_is_kept(tmp_path: Path) -> None:
    model, ids = make("llama").to(torch.bfloat16), random_ids(2, 9)
    found = compact(model, tiny_tokenizer(), SOME)
    found.save_pretrained(tmp_path)
    loaded, tokenizer = load_compact(tmp_path)
    assert loaded.dtype == torch.bfloat16
    assert torch.equal(run(loaded, ids), run(found, ids))
    assert tokenizer.get_vocab() == tiny_tokenizer().get_vocab()


def test_a_checkpoint_in_half_precision_is_the_same_after_saving(tmp_path: Path) -> None:
    make("llama").to(torch.bfloat16).save_pretrained(tmp_path / "model")
    model = LlamaForCausalLM.from_pretrained(tmp_path / "model", dtype=torch.bfloat16).eval()
    model.generation_config.eos_token_id = [2, 7]
    found = compact(model, tiny_tokenizer(), SOME)
    found.save_pretrained(tmp_path / "saved")
    loaded, _ = load_compact(tmp_path / "saved")
    assert torch.equal(run(loaded, random_ids(2, 40)), run(found, random_ids(2, 40)))
    assert loaded.generation_config.eos_token_id == [2, 7]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_what_cannot_be_compact_is_refused_by_name(dtype: torch.dtype) -> None:
    normalised = make("olmo2").to(dtype)  # the queries of all heads together
    with pytest.raises(InputError, match="olmo2 cannot be made compact: it computes something else"):
        compact(normalised, tiny_tokenizer(), SOME)
    with pytest.raises(InputError, match="deepseek_v3 cannot be made compact: no projections"):
        compact(make("deepseek_v3"), tiny_tokenizer(), SOME)
    model = tiny_model("llama")
    with pytest.raises(InputError, match="give programs and baselines"):
        compact(model, tiny_tokenizer(), {Head(0, 0): Recorded(torch.zeros(1, 3, 3))})
    with pytest.raises(InputError, match="no head L2H0"):
        compact(model, tiny_tokenizer(), {Head(2, 0): Baseline.ZERO})
    with patch(model, tiny_tokenizer(), {}), pytest.raises(InputError, match="leave the patch first"):
        compact(model, tiny_tokenizer(), SOME)


@pytest.mark.parametrize("damage", ["empty", "another class", "weights", "a program", "cut"])
def test_a_damaged_folder_is_refused(damage: str, tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    compact(make("llama"), tiny_tokenizer(), SOME).save_pretrained(folder)
    described = folder / "headsynth.json"
    stored = json.loads(described.read_text())
    if damage == "empty":
        described.unlink()
    elif damage == "another class":
        stored["class"] = "pipeline"
    elif damage == "weights":
        (folder / "model.safetensors").write_bytes(b"no weights")
    elif damage == "a program":
        stored["programs"]["L0H0"] = "import os"
    if damage != "empty":
        text = json.dumps(stored)
        described.write_text(text[: len(text) // 2] if damage == "cut" else text)
    with pytest.raises(InputError, match=r"holds no compact model|is damaged") as refusal:
        load_compact(folder)
    assert "\n" not in str(refusal.value)
