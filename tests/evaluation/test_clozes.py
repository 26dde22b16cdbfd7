"""Masked-language models: figures are those of each token masked by itself, whatever is read together."""

import numpy as np
import pytest
import torch

from evaluation.arms import Arm
from evaluation.baselines import PLAIN, MeanPattern
from evaluation.clozes import clozes
from evaluation.controls import RandomToken
from evaluation.measurements import UNPATCHED
from evaluation.measuring import PatchedModel, measure
from surrogates.language.program import Program
from surrogates.library.heads import Head
from surrogates.running.facts import layer_facts
from surrogates.running.patching import patch
from tests.families import make
from tests.tiny_models import VOCABULARY, tiny_tokenizer

MASK = 5
AHEAD = Program.parse('def f(query, key, pair):\n    """Ahead."""\n    return 0.5 * pair.distance\n')


def texts(count: int) -> list[list[int]]:
    generator = np.random.default_rng(0)
    return [[0, *generator.integers(6, VOCABULARY, size=3 + number).tolist(), 2] for number in range(count)]


def by_itself(patched: PatchedModel, text: list[int], arm: Arm) -> np.ndarray:
    """Loss, KL and agreement of a text, each of its tokens masked in a pass of its own."""
    total = np.zeros(3)
    for place in range(1, len(text) - 1):
        tokens = torch.tensor([[*text[:place], MASK, *text[place + 1 :]]])
        with torch.inference_mode():
            own = patched.model(input_ids=tokens).logits[0, place].double().log_softmax(-1)
            with patch(patched.model, patched.tokenizer, arm):  # type: ignore[arg-type]
                found = patched.model(input_ids=tokens).logits[0, place].double().log_softmax(-1)
        divergence = (own.exp() * (own - found)).sum()
        total += np.array([-float(found[text[place]]), float(divergence), float(own.argmax() == found.argmax())])
    return total


@pytest.mark.parametrize("name", ["roberta-prelayernorm", "modernbert", "electra"])
def test_figures_are_those_of_each_token_masked_by_itself(name: str) -> None:
    patched = PatchedModel(make(name), tiny_tokenizer("bert"))
    heads = [Head(layer, index) for layer, own in enumerate(layer_facts(patched.model)) for index in range(own.heads)]
    ids = texts(4)
    arms: dict[str, Arm] = {
        "last": {heads[-1]: AHEAD},
        "all": dict.fromkeys(heads, AHEAD),
        "zero": dict.fromkeys(heads[:2], PLAIN["zero"]),
    }
    found = measure(patched, clozes(ids, MASK, {0, 2}), arms)
    np.testing.assert_array_equal(found.tokens, [len(text) - 2 for text in ids])
    for arm, assignment in {UNPATCHED: {}, **arms}.items():
        for text, own in zip(ids, found.figures[arm], strict=True):
            loss, divergence, same = by_itself(patched, text, assignment)
            assert own.loss == pytest.approx(loss, rel=1e-4)
            assert own.divergence == pytest.approx(divergence, rel=1e-3, abs=1e-4)
            assert abs(own.same - same) <= 1


def test_each_token_is_masked_once_and_more_begin_with_the_same() -> None:
    ids = [*texts(3), [0, 2]]
    every = clozes(ids, MASK, {0, 2})
    for number, text in enumerate(ids):
        own = [cloze for cloze in every if cloze.number == number]
        assert sorted(cloze.place for cloze in own) == list(range(1, len(text) - 1))
        for cloze in own:
            assert cloze.ids == [*text[: cloze.place], MASK, *text[cloze.place + 1 :]]
            assert cloze.target == text[cloze.place]
    few = clozes(ids, MASK, {0, 2}, 2)
    assert few == every[: len(few)]
    assert [cloze.number for cloze in few] == [0, 1, 2, 0, 1, 2]


def test_patterns_that_are_made_look_ahead_in_an_encoder() -> None:
    visible = torch.ones(6, 6, dtype=torch.bool)
    drawn = RandomToken("a").make(torch.arange(6), visible)
    assert bool(drawn.triu(1).any())
    assert torch.equal(drawn.sum(-1), torch.ones(6))
    uniform = MeanPattern.of(np.full((1, 10, 10), 0.1), np.array([10]))
    np.testing.assert_allclose(uniform.make(torch.arange(6), visible), np.full((6, 6), 1 / 6), rtol=1e-6)
    patched = PatchedModel(make("modernbert"), tiny_tokenizer("bert"))
    ids = texts(3)
    arms: dict[str, Arm] = {"mean": {Head(0, 0): uniform}, "uniform": {Head(0, 0): PLAIN["uniform"]}}
    found = measure(patched, clozes(ids, MASK, {0, 2}), arms)
    for own, other in zip(found.figures["mean"], found.figures["uniform"], strict=True):
        assert own.loss == pytest.approx(other.loss, rel=1e-5)
