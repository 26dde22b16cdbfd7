"""A patched model: untouched heads stay exactly as they were, replaced heads follow their surrogate and the mask."""

import gc
import weakref
from contextlib import ExitStack

import pytest
import torch
from transformers import AutoModelForCausalLM, BloomConfig, PreTrainedModel

from surrogates.errors import InputError, ProgramFailed
from surrogates.language.program import Program
from surrogates.library.heads import Head
from surrogates.running.assignment import Assignment, Baseline, Recorded
from surrogates.running.patching import patch
from tests.tiny_models import DECODERS, ENCODERS, WINDOW, tiny_model, tiny_tokenizer

KINDS = DECODERS + ENCODERS
SINK = Program.parse('''
def attend(query, key, pair, sink=2.0, recency=0.7, same=1.5):
    """The first token, the recent past, and the same token."""
    return sink * key.is_first - recency * pair.log_distance + same * pair.same_token
''')
WORDS = Program.parse('''
def attend(query, key, pair, induction=3.0, previous=1.0, index=0.1):
    """Induction, the token before, and late tokens."""
    return induction * pair.follows_same_token + previous * pair.offset(1) + index * key.index + pair.same_word
''')
QUERY_ONLY = Program.parse('''
def attend(query, key, pair, weight=2.0):
    """Scores that no key changes are a uniform pattern."""
    return weight * query.is_comma
''')
PROGRAMS: Assignment = {Head(0, 1): SINK, Head(0, 3): WORDS, Head(1, 0): WORDS, Head(1, 2): SINK}


def run(model: PreTrainedModel, ids: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
    """Logits of a decoder, final states of an encoder."""
    with torch.no_grad():
        return model(input_ids=ids, attention_mask=mask)[0]


def patterns(model: PreTrainedModel, ids: torch.Tensor, mask: torch.Tensor | None = None) -> list[torch.Tensor]:
    with torch.no_grad():
        return list(model(input_ids=ids, attention_mask=mask, output_attentions=True).attentions)


def random_ids(texts: int, tokens: int, seed: int = 0) -> torch.Tensor:
    # Few distinct ids, so that tokens repeat and programs have something to say.
    return torch.randint(3, 20, (texts, tokens), generator=torch.Generator().manual_seed(seed))


def padded(rows: list[torch.Tensor], side: str, padding: int) -> tuple[torch.Tensor, torch.Tensor]:
    width = max(len(row) for row in rows)
    ids = torch.full((len(rows), width), padding)
    mask = torch.zeros(len(rows), width, dtype=torch.long)
    for place, row in enumerate(rows):
        cells = slice(width - len(row), None) if side == "left" else slice(0, len(row))
        ids[place, cells], mask[place, cells] = row, 1
    return ids, mask


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_assigned_changes_no_bit(kind: str) -> None:
    model, ids = tiny_model(kind), random_ids(2, 11)
    before = run(model, ids)
    with patch(model, tiny_tokenizer(kind), {}):
        assert torch.equal(run(model, ids), before)


@pytest.mark.parametrize("kind", KINDS)
def test_untouched_heads_keep_their_patterns_to_the_bit(kind: str) -> None:
    model, ids = tiny_model(kind), random_ids(2, 11)
    before = patterns(model, ids)[0]
    with patch(model, tiny_tokenizer(kind), {Head(0, 1): SINK}):
        after = patterns(model, ids)[0]
    assert torch.equal(after[:, [0, 2, 3]], before[:, [0, 2, 3]])
    assert not torch.allclose(after[:, 1], before[:, 1], atol=0.01)


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
@pytest.mark.parametrize("kind", KINDS)
def test_own_recorded_patterns_reproduce_the_model(kind: str, attention: str) -> None:
    if kind in ("gpt_neo", "gemma2") and attention == "sdpa":
        pytest.skip("the architecture knows no SDPA attention")
    ids = random_ids(2, 11)
    recorded = patterns(tiny_model(kind), ids)
    model = tiny_model(kind, attention=attention)
    before = run(model, ids)
    own = {Head(layer, h): Recorded(of[:, h].clone()) for layer, of in enumerate(recorded) for h in range(4)}
    shifted = {head: Recorded(of.pattern.roll(1, dims=-1)) for head, of in own.items()}
    with patch(model, tiny_tokenizer(kind), own):
        assert torch.allclose(run(model, ids), before, atol=1e-4)
    with patch(model, tiny_tokenizer(kind), shifted):
        assert not torch.allclose(run(model, ids), before, atol=1e-2)


@pytest.mark.parametrize("kind", KINDS)
def test_patterns_are_returned_on_request_whatever_computes_attention(kind: str) -> None:
    ids = random_ids(2, 11)
    assignment = dict(PROGRAMS)
    del assignment[Head(0, 1)], assignment[Head(0, 3)]  # nothing is left in the first layer
    found = []
    for attention in ("eager", None):
        model = tiny_model(kind, attention=attention)
        with patch(model, tiny_tokenizer(kind), assignment):
            found.append(patterns(model, ids))
            before = run(model, ids)
            assert torch.allclose(model(ids, output_attentions=True)[0], before, atol=1e-4)
    assert len(found[0]) == len(found[1]) == 2
    for eager, other in zip(*found, strict=True):
        assert torch.allclose(eager, other, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_one_head_is_replaced_with_its_own_key_value_group(kind: str) -> None:
    model, ids = tiny_model(kind), random_ids(2, 11)
    before, recorded = run(model, ids), patterns(model, ids)
    for h in range(4):
        with patch(model, tiny_tokenizer(kind), {Head(1, h): Recorded(recorded[1][:, h].clone())}):
            assert torch.allclose(run(model, ids), before, atol=1e-4)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_padded_batch_equals_its_texts_one_at_a_time(kind: str, side: str) -> None:
    model, tokenizer = tiny_model(kind), tiny_tokenizer(kind)
    rows = [random_ids(1, tokens, seed=tokens)[0] for tokens in (12, 7, 3)]
    assignment = dict(PROGRAMS) | {Head(0, 0): Baseline.FIRST, Head(1, 3): Baseline.UNIFORM, Head(1, 1): QUERY_ONLY}
    ids, mask = padded(rows, side, int(tokenizer.pad_token_id))
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    # OPT and the encoders count positions by themselves.
    extra = {} if kind in [*ENCODERS, "opt"] else {"position_ids": positions}
    if kind in ENCODERS and side == "left":
        extra = {"position_ids": positions + (2 if kind == "roberta" else 0)}
    with torch.no_grad(), patch(model, tokenizer, assignment):
        batch = model(input_ids=ids, attention_mask=mask, **extra)[0]
        for place, row in enumerate(rows):
            assert torch.allclose(batch[place, mask[place].bool()], run(model, row[None])[0], atol=1e-4)
    assert torch.isfinite(batch).all()


@pytest.mark.parametrize("kind", KINDS)
def test_the_mask_is_the_models(kind: str) -> None:
    model = tiny_model(kind)
    ids, mask = padded([random_ids(1, 11)[0], random_ids(1, 6)[0]], "right", 0)
    neural = patterns(model, ids, mask)
    every = {Head(layer, h): SINK for layer in range(2) for h in range(4)}
    with patch(model, tiny_tokenizer(kind), every):
        replaced = patterns(model, ids, mask)
    for before, after in zip(neural, replaced, strict=True):
        rows = mask.bool()[:, None, :, None].expand_as(before)
        assert torch.equal((after > 0)[rows], (before > 0)[rows])
        assert torch.allclose(after.sum(-1)[mask.bool()[:, None].expand(2, 4, -1)], torch.tensor(1.0))


def test_local_layers_of_gpt_neo_see_their_window() -> None:
    model, ids = tiny_model("gpt_neo"), random_ids(1, 3 * WINDOW)
    with patch(model, tiny_tokenizer("gpt_neo"), {Head(0, 2): Baseline.UNIFORM, Head(1, 2): Baseline.UNIFORM}):
        wide, local = (of[0, 2] for of in patterns(model, ids))
    assert torch.allclose(wide[-1], torch.full((3 * WINDOW,), 1 / (3 * WINDOW)))
    assert torch.allclose(local[-1, -WINDOW:], torch.full((WINDOW,), 1 / WINDOW))
    assert local[-1, :-WINDOW].sum() == 0


@pytest.mark.parametrize("side", ["left", "right"])
def test_baselines(side: str) -> None:
    model, tokenizer = tiny_model("llama"), tiny_tokenizer()
    ids, mask = padded([random_ids(1, 6)[0], random_ids(1, 4)[0]], side, 0)
    assignment = {Head(0, 0): Baseline.UNIFORM, Head(0, 1): Baseline.FIRST, Head(0, 2): Baseline.ZERO}
    with patch(model, tokenizer, assignment):
        uniform, first, zero, _ = patterns(model, ids, mask)[0].unbind(1)
    begin = 2 if side == "left" else 0
    for query in range(4):
        row = begin + query
        assert torch.allclose(uniform[1, row, begin : row + 1], torch.tensor(1 / (query + 1)))
        assert first[1, row, begin] == 1
        assert first[1, row].sum() == 1
    assert zero.abs().max() == 0


def test_first_is_the_first_visible_token_of_a_sliding_window() -> None:
    model, ids = tiny_model("mistral"), random_ids(1, 9)
    with patch(model, tiny_tokenizer(), {Head(0, 0): Baseline.FIRST}):
        first = patterns(model, ids)[0][0, 0]
    assert first.argmax(-1).tolist() == [max(0, row - WINDOW + 1) for row in range(9)]


def test_zero_takes_the_heads_output_away() -> None:
    model, ids = tiny_model("llama"), random_ids(1, 8)
    with patch(model, tiny_tokenizer(), {Head(1, h): Baseline.ZERO for h in range(4)}):
        zero = run(model, ids)
    model.model.layers[1].self_attn.o_proj.weight.data.zero_()
    assert torch.allclose(zero, run(model, ids), atol=1e-5)


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_the_model_is_restored(attention: str) -> None:
    model, ids = tiny_model("llama", attention=attention), random_ids(2, 9)
    before, attributes = run(model, ids), [set(vars(module)) for module in model.modules()]
    with patch(model, tiny_tokenizer(), PROGRAMS):
        assert not torch.allclose(run(model, ids), before, atol=1e-3)
    with pytest.raises(RuntimeError, match="stop"), patch(model, tiny_tokenizer(), PROGRAMS):
        raise RuntimeError("stop")
    with pytest.raises(InputError), patch(model, tiny_tokenizer(), PROGRAMS):
        model(inputs_embeds=torch.zeros(1, 3, 32))
    assert model.config._attn_implementation == attention
    assert [set(vars(module)) for module in model.modules()] == attributes
    assert not any(module._forward_pre_hooks or module._forward_hooks for module in model.modules())
    assert torch.equal(run(model, ids), before)


def test_gpt_neo_is_restored() -> None:
    model, ids = tiny_model("gpt_neo"), random_ids(2, 9)
    before, attributes = run(model, ids), [set(vars(module)) for module in model.modules()]
    with patch(model, tiny_tokenizer("gpt_neo"), PROGRAMS):
        run(model, ids)
    assert [set(vars(module)) for module in model.modules()] == attributes
    assert torch.equal(run(model, ids), before)


def test_a_forward_pass_that_fails_does_not_spoil_the_next() -> None:
    model, ids = tiny_model("llama"), random_ids(2, 9)
    with patch(model, tiny_tokenizer(), PROGRAMS):
        before = run(model, ids)
        with pytest.raises(RuntimeError, match="inner"):
            handle = model.model.layers[1].register_forward_pre_hook(_fail)
            try:
                run(model, random_ids(3, 5))
            finally:
                handle.remove()
        assert torch.equal(run(model, ids), before)
        assert torch.equal(model.lm_head(run_base(model, ids)), before)


def _fail(*_: object) -> None:
    raise RuntimeError("inner")


def run_base(model: PreTrainedModel, ids: torch.Tensor) -> torch.Tensor:
    """The model without its head, called by itself."""
    with torch.no_grad():
        return model.base_model(ids)[0]


def test_two_models_at_once_do_not_disturb_each_other() -> None:
    ids, tokenizer = random_ids(2, 9), tiny_tokenizer()
    one, two, third = tiny_model("llama"), tiny_model("llama"), tiny_model("llama", attention="sdpa")
    neural = run(third, ids)
    alone = []
    for assignment in ({Head(0, 0): SINK}, {Head(0, 0): WORDS}):
        with patch(one, tokenizer, assignment):
            alone.append(run(one, ids))
    with ExitStack() as first, ExitStack() as second:
        first.enter_context(patch(one, tokenizer, {Head(0, 0): SINK}))
        second.enter_context(patch(two, tokenizer, {Head(0, 0): WORDS}))
        assert torch.equal(run(one, ids), alone[0])
        assert torch.equal(run(two, ids), alone[1])
        assert torch.equal(run(third, ids), neural)
        first.close()
        assert torch.equal(run(two, ids), alone[1])


def test_a_shared_configuration_is_refused() -> None:
    one = tiny_model("llama")
    two = type(one)(one.config)
    with (
        patch(one, tiny_tokenizer(), PROGRAMS),
        pytest.raises(InputError, match="shares its configuration"),
        patch(two, tiny_tokenizer(), PROGRAMS),
    ):
        pass


def test_nested_patches_are_refused() -> None:
    model = tiny_model("llama")
    with (
        patch(model, tiny_tokenizer(), {}),
        pytest.raises(InputError, match="patched already"),
        patch(model, tiny_tokenizer(), {}),
    ):
        pass


def test_embeddings_of_the_model_serve_similarity() -> None:
    model, ids = tiny_model("llama"), random_ids(1, 7)
    program = Program.parse('''
def attend(query, key, pair, weight=3.0):
    """Tokens alike."""
    return weight * pair.similarity
''')
    with patch(model, tiny_tokenizer(), {Head(0, 0): Baseline.UNIFORM}):
        run(model, ids)
    with patch(model, tiny_tokenizer(), {Head(0, 0): program}):
        found = patterns(model, ids)[0][0, 0]
    vectors = torch.nn.functional.normalize(model.get_input_embeddings().weight[ids[0]].detach(), dim=1)
    scores = (3 * vectors @ vectors.T).masked_fill(torch.ones(7, 7).triu(1).bool(), -torch.inf)
    assert torch.allclose(found, scores.softmax(-1), atol=1e-5)


def test_a_model_can_be_freed_after_patching() -> None:
    model = tiny_model("llama")
    with patch(model, tiny_tokenizer(), PROGRAMS):
        run(model, random_ids(1, 5))
    alive = weakref.ref(model)
    del model
    gc.collect()
    assert alive() is None


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ({Head(2, 0): SINK}, "there is no head L2H0 here; they go from L0H0 to L1H3"),
        ({Head(0, 4): SINK}, "no head L0H4"),
        ({Head(-1, 0): SINK}, "no head L-1H0"),
        ({Head(0, 0): "uniform"}, "give a Program, Recorded or Baseline"),
    ],
)
def test_an_assignment_that_does_not_fit_is_refused(assignment: Assignment, message: str) -> None:
    model = tiny_model("llama")
    with pytest.raises(InputError, match=message), patch(model, tiny_tokenizer(), assignment):
        pass
    assert model.config._attn_implementation == "eager"


@pytest.mark.parametrize("bad", [torch.zeros(3, 3), torch.zeros(1, 3, 3).double(), torch.full((1, 3, 3), torch.nan)])
def test_a_recorded_pattern_is_checked(bad: torch.Tensor) -> None:
    with pytest.raises(InputError, match="recorded pattern"):
        Recorded(bad)


@pytest.mark.parametrize("shape", [(2, 9, 8), (1, 9, 9), (2, 8, 9)])
def test_a_recorded_pattern_of_another_batch_is_refused(shape: tuple[int, int, int]) -> None:
    model = tiny_model("llama")
    with (
        patch(model, tiny_tokenizer(), {Head(0, 0): Recorded(torch.zeros(shape))}),
        pytest.raises(InputError, match="use it on the batch it was recorded on"),
    ):
        run(model, random_ids(2, 9))


def test_inputs_that_hide_the_tokens_are_refused() -> None:
    model, ids = tiny_model("llama"), random_ids(2, 9)
    with patch(model, tiny_tokenizer(), PROGRAMS):
        with pytest.raises(InputError, match="input_ids"):
            model(inputs_embeds=torch.zeros(2, 9, 32))
        with pytest.raises(InputError, match="must cover them all"):
            model(ids, attention_mask=torch.ones(2, 8))
        with pytest.raises(InputError, match="call the model that was patched"):
            layer = model.model.layers[0]
            states = torch.zeros(2, 9, 32)
            layer(states, position_embeddings=model.model.rotary_emb(states, torch.arange(9)[None]))


def test_a_change_of_attention_inside_the_patch_is_noticed() -> None:
    model, ids = tiny_model("llama"), random_ids(2, 9)
    with patch(model, tiny_tokenizer(), PROGRAMS):
        model.set_attn_implementation("sdpa")
        with pytest.raises(InputError, match="changed inside the patch"):
            model(ids)
    assert model.config._attn_implementation == "eager"


def test_a_score_that_is_not_a_number_is_an_error() -> None:
    program = Program.parse('''
def attend(query, key, pair, big=1e30):
    """Overflows."""
    return exp(big * pair.distance) - exp(big * pair.distance)
''')
    model = tiny_model("llama")
    with patch(model, tiny_tokenizer(), {Head(0, 0): program}), pytest.raises(ProgramFailed, match="attend"):
        run(model, random_ids(1, 4))


def test_an_architecture_out_of_reach_is_refused() -> None:
    config = BloomConfig(vocab_size=320, hidden_size=32, n_layer=2, n_head=4)
    model = AutoModelForCausalLM.from_config(config)
    with pytest.raises(InputError, match="bloom"), patch(model, tiny_tokenizer(), {}):
        pass
