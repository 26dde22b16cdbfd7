"""What a forward pass keeps: what a later layer needs, as long as there is room."""

import gc

import pytest
import torch

from surrogates.language.program import Program
from surrogates.library.heads import Head
from surrogates.running import forward_pass
from surrogates.running.patching import patch
from surrogates.running.plan import OnError
from tests.surrogates.test_patching import PROGRAMS, random_ids, run
from tests.tiny_models import tiny_model, tiny_tokenizer


def recency(constant: int) -> Program:
    return Program.parse(
        f'def attend(query, key, pair, a={constant}.0):\n    """Recency."""\n    return -a * pair.log_distance\n'
    )


def test_patterns_are_let_go_once_no_later_layer_needs_them() -> None:
    model, ids = tiny_model("gpt2"), random_ids(3, 13)
    # One program stands in both layers, and one for two heads of the first.
    constants = {(0, 0): 1, (0, 1): 2, (0, 2): 2, (0, 3): 3, (1, 0): 1, (1, 1): 4}
    assignment = {Head(*place): recency(constant) for place, constant in constants.items()}
    alive: list[int] = []

    def count(*_: object) -> None:
        tensors = [found for found in gc.get_objects() if type(found) is torch.Tensor]
        alive.append(sum(tensor.shape == (3, 13, 13) and tensor.is_floating_point() for tensor in tensors))

    with patch(model, tiny_tokenizer("gpt2"), assignment, on_error="neural"):  # each computed by itself
        model.transformer.h[1].register_forward_pre_hook(count)
        model.transformer.ln_f.register_forward_pre_hook(count)
        run(model, ids)
    assert alive == [1, 0]


def test_patterns_that_find_no_room_are_computed_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    model, ids = tiny_model("gpt_neo"), random_ids(2, 11)
    with patch(model, tiny_tokenizer("gpt_neo"), PROGRAMS):
        expected = run(model, ids)
    monkeypatch.setattr("surrogates.running.forward_pass.KEPT_BYTES", 0)
    with patch(model, tiny_tokenizer("gpt_neo"), PROGRAMS):
        assert torch.equal(run(model, ids), expected)


@pytest.mark.parametrize("kind", ["llama", "gpt2", "gpt_neo"])
@pytest.mark.parametrize("on_error", ["raise", "neural"])
def test_nothing_of_a_pass_waits_for_the_collection_of_garbage(kind: str, on_error: OnError) -> None:
    model, ids = tiny_model(kind, attention=None), random_ids(2, 11)
    with torch.no_grad(), patch(model, tiny_tokenizer(kind), PROGRAMS, on_error=on_error):
        cache = model(ids, use_cache=True).past_key_values
        model(ids[:, :1], past_key_values=cache)
        gc.collect()
        gc.disable()
        try:
            model(ids, use_cache=False)
            model(ids[:, :1], past_key_values=cache)
            assert gc.collect() == 0
        finally:
            gc.enable()


@pytest.mark.parametrize("kind", ["llama", "gpt_neox"])
@pytest.mark.parametrize("heads", [range(2), range(4)])
def test_a_last_query_that_is_a_block_of_its_own_is_computed_as_others_are(kind: str, heads: range) -> None:
    model, size = tiny_model(kind), forward_pass._BLOCK
    assignment = {Head(layer, head): recency(1 + head) for layer in range(2) for head in heads}
    ids = random_ids(2, size + 2)
    with patch(model, tiny_tokenizer(kind), assignment):
        assert torch.allclose(run(model, ids[:, : size + 1]), run(model, ids)[:, : size + 1], atol=1e-5)
