"""Every family of models is handled exactly, or refused with a reason: never accepted and wrong."""

from typing import Any

import pytest
import torch
from transformers import PreTrainedModel

from surrogates.errors import InputError
from surrogates.library.heads import Head
from surrogates.running.assignment import Recorded
from surrogates.running.facts import recording
from surrogates.running.patching import patch
from synth.models import describe_model
from tests.families import make
from tests.family_table import FAMILIES
from tests.tiny_models import tiny_tokenizer

REFUSED = {
    "llama4_text": "layers of chunked_attention",
    "diffllama": "computes attention 2 times in a forward pass",  # and subtracts the one from the other
    "doge": "shows heads different keys",
    "hrm_text": "2 attention modules serve 6 layers",
    "zamba2": "2 attention modules serve 4 layers",
    "albert": "1 attention modules serve 2 layers",
    "blt": "eager attention computes something else",
    "paligemma": "the mask of layer 0 shows queries something else",  # the whole of a prompt
    "deepseek_v32": "the mask of layer 0 shows queries something else",  # keys that it chooses by their content
} | dict.fromkeys(
    ["gptj", "codegen", "bloom", "falcon", "mpt", "openai-gpt", "xglm", "gpt_neox_japanese", "deberta", "deberta-v2",
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
