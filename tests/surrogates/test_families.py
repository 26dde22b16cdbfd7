"""Every family of models is handled exactly, or refused with a reason: never accepted and wrong."""

from typing import Any

import pytest
import torch
from transformers import PreTrainedModel

from surrogates.errors import InputError
from surrogates.library.heads import Head
from surrogates.running.assignment import Recorded
from surrogates.running.patching import patch
from synth.models import describe_model
from tests.families import make
from tests.family_table import FAMILIES
from tests.tiny_models import tiny_tokenizer


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


def recorded(name: str, inputs: dict[str, torch.Tensor], heads: list[Head]) -> dict[Head, torch.Tensor]:
    """The patterns of all heads, as the model's own eager attention reports them."""
    given = run(make(name, attention="eager"), inputs, output_attentions=True).attentions
    layers = [of for of in given if of is not None]
    assert [head.index for head in heads] == [index for of in layers for index in range(of.shape[1])]
    return dict(zip(heads, [pattern for of in layers for pattern in of.unbind(1)], strict=True))


@pytest.mark.parametrize("name", FAMILIES)
def test_nothing_assigned_changes_no_bit(name: str) -> None:
    model, inputs = make(name), batch(name)
    before = logits(model, inputs)
    try:
        describe_model(name, model, tiny_tokenizer(name))
        with patch(model, tiny_tokenizer(name), {}):
            assert torch.equal(logits(model, inputs), before)
    except InputError as refusal:
        assert "\n" not in str(refusal)
    assert torch.equal(logits(model, inputs), before)


@pytest.mark.parametrize("name", FAMILIES)
def test_all_heads_own_patterns_put_back_leave_the_logits(name: str) -> None:
    model, inputs = make(name), batch(name)
    before = logits(model, inputs)
    try:
        heads = describe_model(name, model, tiny_tokenizer(name)).heads
        own = recorded(name, inputs, heads)
        with patch(model, tiny_tokenizer(name), {head: Recorded(of.clone()) for head, of in own.items()}):
            assert torch.allclose(logits(model, inputs), before, atol=1e-4)
        with patch(model, tiny_tokenizer(name), {head: Recorded(of.roll(1, -1)) for head, of in own.items()}):
            assert not torch.allclose(logits(model, inputs), before, atol=1e-2)
    except InputError as refusal:
        assert "\n" not in str(refusal)
    assert torch.equal(logits(model, inputs), before)
