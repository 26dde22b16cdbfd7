"""Losses of a model and what replacing its heads adds to them."""

import numpy as np
import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from evaluation import perplexity
from evaluation.measurements import UNPATCHED, Figures, Measurements
from evaluation.measuring import PatchedModel, measure
from surrogates.library.heads import Head
from surrogates.running.assignment import Baseline
from tests.tiny_models import VOCABULARY, tiny_model, tiny_tokenizer
from tests.whole_passes import losses


def texts(count: int, seed: int = 0) -> list[list[int]]:
    generator = np.random.default_rng(seed)
    return [[1, *generator.integers(3, VOCABULARY, size=generator.integers(1, 14)).tolist()] for _ in range(count)]


@pytest.fixture(scope="module")
def patched() -> PatchedModel:
    return PatchedModel(tiny_model("llama"), tiny_tokenizer("llama"))


@pytest.mark.parametrize("kind", ["llama", "gpt2", "gpt_neo"])
@pytest.mark.parametrize("logits", [1, 20_000, 64_000_000])
def test_losses_are_the_models_own(kind: str, logits: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perplexity, "LOGITS", logits)  # one text a batch, some, all
    model = tiny_model(kind)
    ids = texts(12)
    found = measure(PatchedModel(model, tiny_tokenizer(kind)), ids, {})
    total = 0.0
    for text, figures, tokens in zip(ids, found.figures[UNPATCHED], found.tokens, strict=True):
        tensor = torch.tensor([text])
        with torch.inference_mode():
            own = float(model(input_ids=tensor, labels=tensor).loss)
        assert tokens == len(text) - 1
        assert figures.loss == pytest.approx(own * tokens, rel=1e-4)
        total += own * tokens
    assert found.perplexity() == pytest.approx(np.exp(total / sum(len(text) - 1 for text in ids)), rel=1e-4)


@pytest.mark.parametrize("vocabulary", [500, 260_000])
@pytest.mark.parametrize("scale", [0.1, 1.0, 30.0])
def test_losses_are_those_of_double_precision(vocabulary: int, scale: float) -> None:
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=vocabulary, n_layer=1, n_head=1, n_embd=8, n_positions=32, bos_token_id=0, eos_token_id=0
    )
    model = GPT2LMHeadModel(config).eval()
    with torch.no_grad():
        model.lm_head.weight.mul_(50 * scale)  # up to predictions of which all others together get a millionth
    ids = [torch.randint(1, vocabulary, (8,)).tolist() for _ in range(2)]
    with torch.inference_mode():
        # What the model itself would say next, too, whose losses are small.
        ids += [[*text[:-1], int(model(torch.tensor([text[:-1]])).logits[0, -1].argmax())] for text in ids]
        expected = []
        for text in ids:
            logits = model(torch.tensor([text])).logits[0, :-1].double()
            expected.append(float(torch.nn.functional.cross_entropy(logits, torch.tensor(text[1:]), reduction="sum")))
    found = measure(PatchedModel(model, tiny_tokenizer("gpt2")), ids, {}).figures[UNPATCHED]
    np.testing.assert_allclose([own.loss for own in found], expected, rtol=1e-6)


def test_increase_is_relative_and_paired() -> None:
    generator = np.random.default_rng(0)
    tokens = generator.integers(5, 20, size=50).astype(float)
    before = tokens * generator.normal(3.0, 1.0, size=50)  # texts differ a lot
    after = before + tokens * np.log(1.1)  # but all get worse alike
    losses_of = {UNPATCHED: before, "worse": after}
    found = Measurements(tokens, {arm: [Figures(loss, 0.0, 0) for loss in own] for arm, own in losses_of.items()})
    assert found.increase("worse").mean == pytest.approx(found.perplexity("worse") / found.perplexity() - 1)
    np.testing.assert_allclose(found.increase("worse"), 0.1)
    assert found.increase(UNPATCHED) == (0.0, 0.0, 0.0)


def test_nothing_assigned_changes_nothing(patched: PatchedModel) -> None:
    ids = texts(10)
    unpatched = measure(patched, ids, {}).figures[UNPATCHED]
    np.testing.assert_allclose(losses(patched, ids, {}), [own.loss for own in unpatched], rtol=1e-6)


def test_a_pattern_of_its_own_costs_nothing() -> None:
    """A head that is uniform already loses nothing when a uniform pattern takes its place."""
    model = tiny_model("llama")
    with torch.no_grad():
        for layer in model.model.layers:
            layer.self_attn.q_proj.weight.zero_()
    ids = texts(6)
    uniform = PatchedModel(model, tiny_tokenizer("llama"))
    everywhere = {Head(layer, index): Baseline.UNIFORM for layer in range(2) for index in range(4)}
    assert measure(uniform, ids, {"uniform": everywhere}).increase("uniform") == pytest.approx(
        (0.0, 0.0, 0.0), abs=1e-5
    )
