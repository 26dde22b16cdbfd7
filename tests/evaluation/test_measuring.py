"""Figures of many arms at once are those of each arm by itself, and are measured once."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
import torch
from transformers import PreTrainedModel

from evaluation import kept_states, perplexity
from evaluation.arms import Arm, content
from evaluation.baselines import PLAIN, MeanPattern
from evaluation.clozes import Text, told
from evaluation.measurements import UNPATCHED, Figures, Measurements
from evaluation.measuring import PatchedModel, measure
from surrogates.errors import ProgramFailed
from surrogates.language.program import Program
from surrogates.library.heads import Head
from surrogates.running.facts import layer_facts
from surrogates.running.patching import patch
from tests.families import make
from tests.tiny_models import VOCABULARY, tiny_model, tiny_tokenizer
from tests.whole_passes import losses

RECENT = Program.parse('def f(query, key, pair):\n    """Recent."""\n    return -pair.distance\n')
FAILING = Program.parse(  # on texts of more than ten tokens
    'def f(query, key, pair):\n    """Fails."""\n    return where(query.index > 9, inf - inf, 0.0)\n'
)


def texts(count: int, seed: int = 0, longest: int = 14) -> list[list[int]]:
    generator = np.random.default_rng(seed)
    return [[1, *generator.integers(3, VOCABULARY, size=generator.integers(1, longest)).tolist()] for _ in range(count)]


def arms_of(model: PreTrainedModel) -> dict[str, Arm]:
    """One head after another, the last heads without output, and all heads."""
    heads = [Head(layer, index) for layer, own in enumerate(layer_facts(model)) for index in range(own.heads)]
    alone: dict[str, Arm] = {str(head): {head: RECENT} for head in heads[::2]}
    return alone | {"last": dict.fromkeys(heads[-3:], PLAIN["zero"]), "all": dict.fromkeys(heads, RECENT)}


def by_itself(patched: PatchedModel, ids: Sequence[int], arm: Arm) -> Figures:
    """An arm's figures on one text, in double precision from its logits."""
    tokens = torch.tensor([ids])
    with torch.inference_mode():
        own = patched.model(input_ids=tokens, use_cache=False).logits[0, :-1].double().log_softmax(-1)
        with patch(patched.model, patched.tokenizer, arm):  # type: ignore[arg-type]
            found = patched.model(input_ids=tokens, use_cache=False).logits[0, :-1].double().log_softmax(-1)
    loss = -found.gather(-1, tokens[0, 1:, None]).sum()
    same = (found.argmax(-1) == own.argmax(-1)).sum()
    return Figures(float(loss), float((own.exp() * (own - found)).sum()), int(same))


@pytest.fixture(scope="module")
def llama() -> PatchedModel:
    return PatchedModel(tiny_model("llama", layers=3), tiny_tokenizer("llama"))


@dataclass
class Memory:
    """A store that counts what it is given."""

    kept: dict[tuple[str, tuple[int, ...]], Figures] = field(default_factory=dict)
    added: int = 0

    def get(self, arm: str, texts: Sequence[Text]) -> list[Figures | None]:
        return [self.kept.get((arm, tuple(told(text)))) for text in texts]

    def add(self, arm: str, texts: Sequence[Text], figures: Sequence[Figures]) -> None:
        for text, own in zip(texts, figures, strict=True):
            assert (arm, tuple(told(text))) not in self.kept
            self.kept[arm, tuple(told(text))] = own
            self.added += 1


# What passes more along than hidden states (gemma3n, gemma4), other blocks than attention (jamba, nemotron_h), windows
# (gemma2), experts (mixtral), attention in a method of its own (gpt_neo), a single block (longcat_flash), and pictures
# beside texts (gemma3).
FAMILIES = [
    "llama", "gpt2", "opt", "gpt_neo", "gemma2", "mixtral", "gemma3n_text", "gemma4_text", "jamba", "nemotron_h",
    "longcat_flash", "gemma3",
]  # fmt: skip


@pytest.mark.parametrize("name", FAMILIES)
def test_figures_are_those_of_each_arm_by_itself(name: str) -> None:
    patched = PatchedModel(make(name), tiny_tokenizer("llama"))
    ids, arms = texts(5), arms_of(patched.model)
    found = measure(patched, ids, arms)
    assert set(found.figures) == {UNPATCHED, *arms}
    for arm, assignment in {UNPATCHED: {}, **arms}.items():
        whole = losses(patched, ids, assignment)  # type: ignore[arg-type]
        np.testing.assert_array_equal(whole, [own.loss for own in found.figures[arm]])
    np.testing.assert_array_equal([len(text) - 1 for text in ids], found.tokens)
    for arm in (next(iter(arms)), "last", "all"):
        for text, own in zip(ids, found.figures[arm], strict=True):
            expected = by_itself(patched, text, arms[arm])
            assert own.loss == pytest.approx(expected.loss, rel=1e-4)
            assert own.divergence == pytest.approx(expected.divergence, rel=1e-3, abs=1e-4)
            assert abs(own.same - expected.same) <= 1  # the likeliest may be as likely as the next
    assert all(
        own.divergence == 0 and own.same == n for own, n in zip(found.figures[UNPATCHED], found.tokens, strict=True)
    )


def passes(patched: PatchedModel, arms: dict[str, Arm], ids: Sequence[Sequence[int]]) -> list[int]:
    """How often each layer of a Llama runs while arms are measured, a batch beside."""
    counts = [0] * len(patched.model.model.layers)

    def count(layer: int) -> object:
        def hook(*_: object) -> None:
            counts[layer] += 1

        return patched.model.model.layers[layer].mlp.register_forward_hook(hook)

    handles = [count(layer) for layer in range(len(counts))]
    measure(patched, ids, arms)
    for handle in handles:
        handle.remove()  # type: ignore[attr-defined]
    return counts


def test_layers_below_the_first_replaced_head_are_not_run_again(llama: PatchedModel) -> None:
    ids = texts(4)
    measure(llama, ids[:1], {})  # what is tried out takes passes of its own, once
    before = passes(llama, {}, ids)
    more = passes(llama, {str(layer): {Head(layer, 1): RECENT} for layer in range(3)}, ids)
    assert [after - own for after, own in zip(more, before, strict=True)] == [1, 2, 3]


def test_states_are_copied_where_a_block_reads_them_alone(llama: PatchedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    ids, arms = texts(4), {"last": {Head(2, 1): RECENT}}
    expected = measure(llama, ids, arms)
    copied = []
    copy = kept_states._copy

    def count(put_out: torch.Tensor) -> torch.Tensor:
        copied.append(put_out)
        return copy(put_out)

    monkeypatch.setattr(kept_states, "_copy", count)
    assert measure(llama, ids, arms).figures == expected.figures
    assert len(copied) == 3 + 1  # of each block where the batch is read, and the second's where the third goes on


def test_what_finds_no_room_is_run_again(llama: PatchedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    ids, arms = texts(5), arms_of(llama.model)
    expected = measure(llama, ids, arms)
    width = max(map(len, ids)) * len(ids) * llama.model.config.hidden_size * 4
    for room in (0, width, 2 * width):
        monkeypatch.setattr(kept_states, "KEPT_BYTES", room)
        assert measure(llama, ids, arms).figures == expected.figures
    counts = passes(llama, {"last": {Head(2, 1): RECENT}}, ids)
    assert [count - counts[2] for count in counts] == [-1, -1, 0]  # two blocks' states have room
    monkeypatch.setattr(kept_states, "KEPT_BYTES", width)
    assert [count - counts[2] for count in passes(llama, {"last": {Head(2, 1): RECENT}}, ids)] == [-1, 0, 0]


def test_a_block_may_write_into_what_it_is_given(llama: PatchedModel) -> None:
    ids, arms = texts(4), arms_of(llama.model)

    def write(_: object, given: tuple[torch.Tensor, ...]) -> None:
        given[0].mul_(1.5)

    handles = [layer.register_forward_pre_hook(write) for layer in llama.model.model.layers[1:]]
    try:
        found = measure(llama, ids, arms)
        for arm, assignment in arms.items():
            whole = losses(llama, ids, assignment)  # type: ignore[arg-type]
            np.testing.assert_array_equal(whole, [own.loss for own in found.figures[arm]])
    finally:
        for handle in handles:
            handle.remove()


@pytest.mark.parametrize("logits", [1, 20_000])
def test_batches_change_nothing_but_rounding(logits: int, llama: PatchedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    ids, arms = texts(7), arms_of(llama.model)
    expected = measure(llama, ids, arms)
    monkeypatch.setattr(perplexity, "LOGITS", logits)
    found = measure(llama, ids, arms)
    for arm in arms:
        for own, whole in zip(found.figures[arm], expected.figures[arm], strict=True):
            assert own.loss == pytest.approx(whole.loss, rel=1e-5)
            assert own.divergence == pytest.approx(whole.divergence, rel=1e-3, abs=1e-5)


def test_what_is_kept_is_not_measured_again(llama: PatchedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perplexity, "LOGITS", 20_000)
    ids, arms = texts(8), arms_of(llama.model)
    store = Memory()
    fewer = {name: arms[name] for name in list(arms)[:2]}
    measure(llama, ids[:5], fewer, store=store)
    assert store.added == 5 * 3  # the model as it is, too
    measure(llama, ids, arms | {"the same": arms["all"]}, store=store)  # the store refuses what it holds
    assert store.added == 8 * (1 + len(arms))
    found = measure(llama, ids, arms, store=store)
    assert store.added == 8 * (1 + len(arms))
    fresh = measure(llama, ids, arms)
    for arm in arms:
        losses = [[own.loss for own in measured.figures[arm]] for measured in (found, fresh)]
        np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)


def test_progress_tells_the_figure_so_far(llama: PatchedModel) -> None:
    told: list[tuple[int, int, str]] = []
    arms = {"a head": {Head(1, 1): RECENT}}
    found = measure(llama, texts(4), arms, progress=lambda *step: told.append(step))
    assert [step[:2] for step in told] == [(4, 8), (8, 8)]
    assert told[-1][2] == f"a head: {found.increase('a head').mean:+.1%}"


def test_no_batch_begins_when_time_is_up(llama: PatchedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perplexity, "LOGITS", 1)  # one text a batch
    ids, left = texts(6), [True, True, False]
    found = measure(llama, ids, {"a head": {Head(1, 1): RECENT}}, goes_on=lambda: left.pop(0))
    assert found.texts == 3
    assert measure(llama, ids, {}, goes_on=lambda: False).texts == 2  # of one there is no interval
    assert set(found.tokens) <= {len(text) - 1 for text in ids}


def test_programs_that_fail_are_counted_text_by_text(llama: PatchedModel) -> None:
    ids = [text for text in texts(30, longest=16) if len(text) not in (10, 11)]
    arm: dict[str, Arm] = {"both": {Head(0, 1): FAILING, Head(2, 2): FAILING}}
    neural = PatchedModel(llama.model, llama.tokenizer, on_error="neural")
    store = Memory()
    found = measure(neural, ids, arm, store=store)
    kept = [own.kept for own in found.figures["both"]]
    assert set(kept) == {0, 2}
    assert kept == [2 * (len(text) > 10) for text in ids]
    for own in found.figures["both"]:
        if own.kept:
            assert own.divergence == pytest.approx(0.0, abs=1e-4)
    with pytest.raises(ProgramFailed):  # though figures are there
        measure(llama, ids, arm, store=store)


def test_mean_patterns_are_arms_like_others(llama: PatchedModel) -> None:
    ids = texts(4)
    uniform = np.tril(np.ones((20, 20))) / np.arange(1, 21)[:, None]
    mean = MeanPattern.of(uniform[None], np.array([20]))
    found = measure(llama, ids, {"mean": {Head(1, 0): mean}, "uniform": {Head(1, 0): PLAIN["uniform"]}})
    for own, other in zip(found.figures["mean"], found.figures["uniform"], strict=True):
        assert own.loss == pytest.approx(other.loss, rel=1e-6)


def test_contents_tell_arms_apart() -> None:
    heads = Head(0, 0), Head(0, 1)
    other = Program.parse(RECENT.source.replace("-", "-2 * "))
    arms: list[Arm] = [{}, {heads[0]: RECENT}, {heads[1]: RECENT}, {heads[0]: other}, dict.fromkeys(heads, RECENT)]
    arms += [dict.fromkeys(heads, own) for own in PLAIN.values()]
    arms += [{heads[0]: MeanPattern(np.eye(3, dtype=np.float32) * scale)} for scale in (1, 0.5)]
    assert len({content(arm) for arm in arms}) == len(arms)
    assert content({heads[1]: RECENT, heads[0]: other}) == content({heads[0]: other, heads[1]: RECENT})


def test_figures_follow_from_raw_ones() -> None:
    generator = np.random.default_rng(0)
    tokens = generator.integers(5, 20, size=60).astype(float)
    base = tokens * generator.normal(3.0, 1.0, size=60)

    def arm(factor: float, divergence: float) -> list[Figures]:
        losses = base + tokens * np.log(factor)
        return [Figures(loss, divergence * n, int(n // 2), 1) for loss, n in zip(losses, tokens, strict=True)]

    found = Measurements(tokens, {UNPATCHED: arm(1.0, 0.0), "right": arm(1.1, 0.02), "control": arm(1.5, 0.2)})
    assert found.perplexity() == pytest.approx(np.exp(base.sum() / tokens.sum()))
    np.testing.assert_allclose(found.increase("right"), 0.1)  # texts differ a lot, but all get worse alike
    np.testing.assert_allclose(found.further_increase("control", "right"), 0.4)
    np.testing.assert_allclose(found.loss("right"), np.log(1.1))
    np.testing.assert_allclose(found.divergence("control"), 0.2)
    np.testing.assert_allclose(found.recovered("right", "control"), 0.9)
    assert found.agreement("right").mean == (tokens // 2).sum() / tokens.sum()
    assert found.kept("right") == 60
