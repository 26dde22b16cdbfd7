"""Every family of models is handled exactly, or refused with a reason: never accepted and wrong."""

import inspect
from typing import Any

import pytest
import torch
from transformers import PreTrainedModel

from surrogates.errors import InputError
from surrogates.library.heads import Head
from surrogates.running.assignment import Baseline, Recorded
from surrogates.running.facts import recording
from surrogates.running.patching import patch
from synth.models import describe_model
from tests.families import make
from tests.family_table import FAMILIES
from tests.surrogates.test_patching import SINK, WORDS, padded, random_ids
from tests.tiny_models import tiny_tokenizer

REFUSED = {
    "llama4_text": "layers of chunked_attention",
    "diffllama": "computes attention 2 times in a forward pass",  # and subtracts the one from the other
    "doge": "shows heads different keys",
    "hrm_text": "2 attention modules serve 6 layers",
    "zamba2": "2 attention modules serve 4 layers",
    "albert": "1 attention modules serve 2 layers",
    "blt": "does not say how many layers it has",
    "paligemma": "the mask of layer 0 shows queries something else",  # the whole of a prompt
    "deepseek_v32": "the mask of layer 0 shows queries something else",  # keys that it chooses by their content
} | dict.fromkeys(
    ["bloom", "falcon", "mpt", "openai-gpt", "xglm", "deberta", "deberta-v2",
     "mpnet", "roformer", "rembert", "megatron-bert", "xlm", "mamba", "rwkv"],
    "does not use transformers' attention interface, or has no attention",
)  # fmt: skip
"""What cannot be handled exactly, and how that is said."""


def batch(name: str) -> dict[str, torch.Tensor]:
    """Two texts, the second shorter and padded on the right."""
    ids = torch.randint(3, 20, (2, 11), generator=torch.Generator().manual_seed(0))
    mask = torch.ones_like(ids)
    mask[1, 7:] = 0
    padding = tiny_tokenizer(name).pad_token_id
    return {"input_ids": ids.masked_fill(mask == 0, padding), "attention_mask": mask}


def run(model: PreTrainedModel, inputs: dict[str, torch.Tensor], **options: Any) -> Any:
    with torch.no_grad():
        return model(**inputs, **options)


def logits(model: PreTrainedModel, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
    """Logits, or a bare encoder's final states, of the real tokens."""
    return run(model, inputs)[0][inputs["attention_mask"].bool()]


def recorded(model: PreTrainedModel, inputs: dict[str, torch.Tensor]) -> dict[Head, torch.Tensor]:
    """The patterns of all heads."""
    found: dict[Head, torch.Tensor] = {}

    def take(layer: int, patterns: torch.Tensor) -> None:
        found.update({Head(layer, index): own.float().clone() for index, own in enumerate(patterns.unbind(1))})

    with recording(model, take):
        run(model, inputs)
    return found


HANDLED = [name for name in FAMILIES if name not in REFUSED]


_OTHERWISE = {"roberta_decoder", "minimax", "recurrent_gemma", "jamba", "bamba"}
"""What by itself, in transformers, computes something else in pieces or with padding on the left."""
DECODERS = [name for name in HANDLED if FAMILIES[name].kind != "encoder" and name not in _OTHERWISE]


@pytest.mark.parametrize("name", HANDLED)
def test_nothing_assigned_changes_no_bit(name: str) -> None:
    model, inputs = make(name), batch(name)
    before = logits(model, inputs)
    describe_model(name, model, tiny_tokenizer(name))
    with patch(model, tiny_tokenizer(name), {}):
        assert torch.equal(logits(model, inputs), before)
    assert torch.equal(logits(model, inputs), before)


@pytest.mark.parametrize("name", HANDLED)
def test_all_heads_own_patterns_put_back_leave_the_logits(name: str) -> None:
    model, inputs = make(name), batch(name)
    before = logits(model, inputs)
    own = recorded(model, inputs)
    assert sorted(own) == describe_model(name, model, tiny_tokenizer(name)).heads
    with patch(model, tiny_tokenizer(name), {head: Recorded(of) for head, of in own.items()}):
        assert torch.allclose(logits(model, inputs), before, atol=1e-4)
    with patch(model, tiny_tokenizer(name), {head: Recorded(of.roll(1, -1)) for head, of in own.items()}):
        assert not torch.allclose(logits(model, inputs), before, atol=1e-2)
    assert torch.equal(logits(model, inputs), before)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", ["llama", "gemma2", "gpt_oss", "mixtral", "olmoe", "qwen2_moe", "deepseek_v3"])
def test_half_precision_is_handled(name: str, dtype: torch.dtype) -> None:
    model, inputs = make(name).to(dtype), batch(name)
    before = logits(model, inputs)
    assert describe_model(name, model, tiny_tokenizer(name)).heads
    with patch(model, tiny_tokenizer(name), {}):
        assert torch.equal(logits(model, inputs), before)


@pytest.mark.parametrize("name", DECODERS)
def test_a_text_read_in_pieces_or_padded_is_read_as_by_itself(name: str) -> None:
    model, tokenizer, ids = make(name), tiny_tokenizer(name), random_ids(2, 11)
    heads = describe_model(name, model, tokenizer).heads
    surrogates = (SINK, WORDS, Baseline.FIRST)
    assignment = {head: surrogates[place % 3] for place, head in enumerate(heads) if place % 4 != 2}
    rows = [random_ids(1, tokens, seed=tokens)[0] for tokens in (12, 7, 3)]
    with torch.no_grad(), patch(model, tokenizer, assignment):
        whole = model(ids, use_cache=False)[0]
        parts = [model(ids[:, :5], use_cache=True)]
        for piece in (ids[:, 5:6], ids[:, 6:9], ids[:, 9:]):
            parts.append(model(piece, past_key_values=parts[-1].past_key_values, use_cache=True))
        assert torch.allclose(torch.cat([part[0] for part in parts], dim=1), whole, atol=1e-4)
        for side in ("left", "right"):
            padded_ids, mask = padded(rows, side, int(tokenizer.pad_token_id))
            found = model(padded_ids, attention_mask=mask, use_cache=False, **positions(model, mask))[0]
            for place, row in enumerate(rows):
                alone = model(row[None], use_cache=False)[0][0]
                assert torch.allclose(found[place, mask[place].bool()], alone, atol=1e-4)


def positions(model: PreTrainedModel, mask: torch.Tensor) -> dict[str, torch.Tensor]:
    """Positions that count real tokens, for models that do not count them by themselves."""
    if "position_ids" not in inspect.signature(model.forward).parameters:
        return {}
    return {"position_ids": (mask.cumsum(1) - 1).clamp(min=0)}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_exact_is_refused_by_name(name: str) -> None:
    model, inputs = make(name), batch(name)
    before = logits(model, inputs)
    with pytest.raises(InputError, match=REFUSED[name]) as refusal:
        describe_model(name, model, tiny_tokenizer(name))
    assert "\n" not in str(refusal.value)
    with pytest.raises(InputError, match=REFUSED[name]), patch(model, tiny_tokenizer(name), {}):
        pass
    assert torch.equal(logits(model, inputs), before)
