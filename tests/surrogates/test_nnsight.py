"""A model that nnsight traces is patched like any other."""

import pytest
import torch

from surrogates import Head, Program, patch
from tests.tiny_models import TEXTS, tiny_model, tiny_tokenizer

nnsight = pytest.importorskip("nnsight", reason="needs nnsight")

PROGRAM = Program.parse('''
def attend(query, key, pair, recency=2.0):
    """The recent past, and commas."""
    return key.is_comma - recency * pair.log_distance
''')


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_a_trace_sees_the_patched_model(kind: str) -> None:
    model, tokenizer = tiny_model(kind), tiny_tokenizer(kind)
    ids = tokenizer(TEXTS[0], return_tensors="pt")["input_ids"]
    with torch.no_grad():
        own = model(input_ids=ids).logits
        with patch(model, tokenizer, {Head(1, 2): PROGRAM}):
            expected = model(input_ids=ids).logits
    traced = nnsight.TransformersModel(model, tokenizer=tokenizer, task="text-generation")
    with torch.no_grad(), patch(model, tokenizer, {Head(1, 2): PROGRAM}):  # noqa: SIM117 - it reads the next one's source
        with traced.trace(ids):
            found = traced.output.logits.save()
    assert torch.equal(found, expected)
    assert not torch.allclose(found, own, atol=0.1)
