"""Heads that leave part of their attention to a sink outside the text: it is missing throughout, and shown."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st

from surrogates import patch
from surrogates.library.candidates import Candidate
from surrogates.library.heads import Head
from surrogates.running.assignment import Recorded
from synth import faithfulness, open_run
from synth.attention import extract, pattern_on
from synth.cli import main
from synth.corpus import Split
from synth.fitting.constants import MANY, fit_to_head, refit
from synth.fitting.scoring import score_candidates
from synth.material import HeadData, Material
from synth.models import LoadedModel, describe_model, encode
from synth.proposers.additive.proposing import propose
from synth.proposers.additive.rows import training_rows
from synth.proposers.layout import repr_string
from synth.shards import pack, rounding, unpack, visible_cells, visible_offsets
from tests.synth.planted import TABLE, iou, made_by, material_with, parse, random_lists
from tests.synth.tiny_runs import HEADS, SMALL, call, save_corpus
from tests.tiny_models import CONTEXT, TEXTS, VOCABULARY, WINDOW, tiny_tokenizer

SINKS = torch.tensor([-4.0, 1.0, 3.0, 4.0])
"""Logits of a head's sink."""


def with_sinks() -> transformers.PreTrainedModel:
    """A model whose heads have sinks; its first layer has a sliding window."""
    config = transformers.GptOssConfig(
        vocab_size=VOCABULARY, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        head_dim=8, intermediate_size=48, num_local_experts=2, num_experts_per_tok=1, sliding_window=WINDOW,
        max_position_embeddings=CONTEXT, bos_token_id=1, eos_token_id=2, pad_token_id=0,
        attn_implementation="eager",
    )  # fmt: skip
    state = torch.random.get_rng_state()
    torch.manual_seed(0)
    model = transformers.GptOssForCausalLM(config)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.endswith("sinks"):
                weight.copy_(SINKS)
            elif weight.dim() > 1:
                weight.normal_(std=0.3)
            elif "bias" in name:
                weight.zero_()
    torch.random.set_rng_state(state)
    return model.eval()


@pytest.fixture(scope="module")
def sinking() -> LoadedModel:
    return describe_model("gpt_oss", with_sinks(), tiny_tokenizer())


def test_the_store_holds_what_each_row_sums_to(sinking: LoadedModel, tmp_path: Path) -> None:
    ids = encode(sinking, TEXTS, 20)
    store = extract(sinking, ids, tmp_path, batch_size=3)
    for text, row in enumerate(ids):
        attentions = sinking.model(torch.tensor([row]), output_attentions=True).attentions
        for head in sinking.heads:
            own = attentions[head.layer][0, head.index].detach().numpy()
            for stored in (store.read(head, [text])[0], pattern_on(sinking, head, row)):
                np.testing.assert_allclose(stored, own, atol=1e-3)
                np.testing.assert_allclose(stored.sum(-1), own.sum(-1), atol=1e-3)
            assert own.sum(-1).min() < 0.9 or head.index < 2


def test_a_heads_own_pattern_put_back_leaves_the_logits(sinking: LoadedModel) -> None:
    (row,) = encode(sinking, TEXTS[:1], 20)
    tokens = torch.tensor([row])
    with torch.no_grad():
        before = sinking.model(tokens).logits
        for head in sinking.heads:
            recorded = Recorded(torch.from_numpy(pattern_on(sinking, head, row))[None])
            with patch(sinking.model, sinking.tokenizer, {head: recorded}):
                after = sinking.model(tokens).logits
            assert (after - before).abs().max() < 0.02 * before.std()


@given(seed=st.integers(0, 1000), n=st.integers(1, 300), spread=st.floats(0.0, 8.0), data=st.data())
@settings(derandomize=True, deadline=None, max_examples=60)
def test_rows_that_sum_to_one_do_so_exactly(seed: int, n: int, spread: float, data: st.DataObject) -> None:
    dtype = data.draw(st.sampled_from([torch.float32, torch.bfloat16, torch.float16]))
    logits = spread * torch.randn(n, n, generator=torch.Generator().manual_seed(seed))
    visible = visible_cells([n], True, None)
    whole = logits.masked_fill(~torch.from_numpy(visible[0]), -torch.inf).softmax(-1)
    offsets = visible_offsets([n], True, None)
    kept = pack(whole.to(dtype)[None, None], offsets)
    np.testing.assert_allclose(unpack([kept[0]], visible, rounding(dtype))[0].sum(-1), 1, atol=1e-5)
    part = pack((0.99 * whole).to(dtype)[None, None], offsets)
    np.testing.assert_allclose(unpack([part[0]], visible, rounding(dtype))[0].sum(-1), 0.99, atol=5e-3)


# Fitting: queries leave out different shares, and what they keep is made by a program.

MISSING = (0.05, 0.6, 0.3)
FEW = parse("a * key.is_first - b * pair.distance + c * pair.offset(1)", a=2.0, b=0.4, c=3.0)
WORDS = [text for text in TABLE.texts if text != "<s>"]
LEFT_OUT = sum(MISSING) / len(MISSING)


def splits_of(train: int) -> list[Split]:
    return [*["train"] * train, *["validation"] * 6, *["test"] * 6]  # type: ignore[list-item]


def planted(folder: Path, program: Any, train: int = 30) -> Material:
    return material_with(folder, [[program]], random_lists(train + 12), splits_of(train), missing=MISSING)


def test_constants_are_those_that_made_what_is_there(tmp_path: Path) -> None:
    data = HeadData(planted(tmp_path, FEW), Head(0, 0))
    start = FEW.with_constants(dict.fromkeys("abc", 0.5))
    _, fitted = fit_to_head(data, start)
    for name, value in FEW.constants.items():
        assert fitted.constants[name] == pytest.approx(value, rel=0.03)
    bent = parse("a * key.is_first - log(1 + b * b) * pair.distance + c * pair.offset(1)", a=0.5, b=1.0, c=0.5)
    batch = data.fitting(20)
    _, fitted = refit(bent, batch.texts, batch.visible, batch.target)
    assert np.log1p(fitted.constants["b"] ** 2) == pytest.approx(0.4, rel=0.03)


def test_many_constants_make_what_is_there(tmp_path: Path) -> None:
    tables = [
        ", ".join(f"{repr_string(word)}: {1.0 + (place + back) % 4}" for place, word in enumerate(WORDS))
        for back in range(4)
    ]
    program = parse(" + ".join(f"weights(query, {{{own}}}) * pair.offset({back})" for back, own in enumerate(tables)))
    assert len(program.constants) > MANY
    data = HeadData(planted(tmp_path, program, train=200), Head(0, 0))
    batch = data.fitting(20)
    for fitted in fit_to_head(data, program.with_constants(dict.fromkeys(program.constants, 0.5))):
        assert iou(fitted, batch.texts, made_by(program, batch.texts)) > 0.85


def test_a_program_that_made_what_is_there_scores_what_it_covers(tmp_path: Path) -> None:
    data = HeadData(planted(tmp_path, FEW), Head(0, 0))
    (scored,) = score_candidates(data, [Candidate("hand", "own", FEW.source, None).holding(FEW)])
    assert scored.scores is not None
    assert scored.scores.iou == pytest.approx(1 - LEFT_OUT, abs=0.02)
    assert 0.3 < scored.scores.jsd < 0.5


def test_the_search_finds_what_made_it(tmp_path: Path) -> None:
    material = planted(tmp_path, FEW, train=120)
    rows = training_rows(material, 0, 0)
    (found,) = propose(material, rows, [Head(0, 0)], 4, 0)
    assert found.ceiling.iou == pytest.approx(1 - LEFT_OUT, abs=0.03)
    candidates = [Candidate("search", label, source, None) for label, source in found.programs]
    scored = score_candidates(HeadData(material, Head(0, 0)), candidates)
    assert max(c.scores.iou for c in scored if c.scores) == pytest.approx(1 - LEFT_OUT, abs=0.03)


# A whole run.


@pytest.fixture(scope="module")
def sunk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sinks")
    with_sinks().save_pretrained(folder / "model")
    tiny_tokenizer().save_pretrained(folder / "model")
    corpus = save_corpus(folder / "corpus.jsonl")
    arguments = ["synthesize", str(folder / "model"), "--corpus", corpus, "--output", str(folder / "run")]
    with pytest.raises(SystemExit) as stop:
        main([*arguments, "--heads", HEADS, "--jobs", "1", *SMALL])
    assert not stop.value.code
    return folder / "run"


@pytest.mark.parametrize("name", HEADS.split(","))
def test_what_is_missing_is_shown(name: str, sunk: Path, capsys: Any) -> None:
    with open_run(sunk) as run:
        data = HeadData(run.material, Head.parse(name))
        sums = [float(data.patterns([number]).sum(-1).mean()) for number in run.material.splits["test"]]
        expected = 1 - sum(sums) / len(sums)
        assert expected > 0.02
        document = call(capsys, "inspect", sunk, name, "--json").document
        assert document["scores"]["missing_mass"] == pytest.approx(expected, abs=1e-4)
        line = f"missing mass {expected:.2f}: the layer's attention sink takes it"
        assert line in call(capsys, "inspect", sunk, name).out
        assert line in repr(run[name])
        assert line.replace("'", "&#x27;") in run[name]._repr_html_()


@pytest.mark.parametrize("name", HEADS.split(","))
def test_what_is_missing_is_at_no_distance(name: str, sunk: Path) -> None:
    with open_run(sunk) as run:
        found, head = faithfulness(run, name), run[name]
    assert sum(own.head for own in found.distances) == pytest.approx(1 - (head.kind.scores.missing_mass or 0), abs=1e-4)
    assert sum(own.program for own in found.distances) == pytest.approx(1, abs=1e-5)
    scores, overall = head.surrogate.scores, found.overall
    assert (overall.iou.mean, overall.jsd.mean) == pytest.approx((scores.iou, scores.jsd), abs=1e-5)


def test_nothing_is_said_of_ordinary_heads(finished: Path, capsys: Any) -> None:
    with open_run(finished) as run:
        assert {head.kind.scores.missing_mass for head in run} == {0.0}
        assert not any("missing" in repr(head) + head._repr_html_().split("<iframe")[0] for head in run)
    assert "missing" not in call(capsys, "inspect", finished, HEADS.split(",")[0]).out


def test_a_language_model_is_told_what_is_missing(sunk: Path, finished: Path, capsys: Any) -> None:
    assert re.search(r"^- no key, .* \d+% \(0%\)$", call(capsys, "prompt", sunk, "L0H3").out, re.MULTILINE)
    assert "- no key" not in call(capsys, "prompt", finished, "L0H3").out
