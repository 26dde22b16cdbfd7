"""``headsynth evaluate`` of encoders: tokens masked one at a time, or embeddings where no head foretells tokens."""

import sqlite3
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer, BertForMaskedLM

from surrogates.running.patching import patch
from synth import evaluator, measurement_file
from synth.cli import main
from synth.evaluator import _Stage
from synth.masked_models import with_masked_head
from synth.models import describe_model, load_model
from synth.run import open_run
from synth.settings import IN_MEMORY, Settings
from tests.family_table import FAMILIES
from tests.synth.tiny_runs import HEADS, SMALL, call, copy_run, refusal
from tests.tiny_models import VOCABULARY, tiny_tokenizer

Capture = pytest.CaptureFixture[str]
ASKED = ("--fractions", "100", "--orders", "iou", "--json", "--quiet")


@pytest.fixture(scope="module")
def masked(corpus: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on a tiny BERT with a masked-language head and without a pooler; ``model`` in it is the model."""
    run = tmp_path_factory.mktemp("masked") / "run"
    settings = deepcopy(FAMILIES["bert"].settings) | {"vocab_size": VOCABULARY + 1}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = BertForMaskedLM(BertForMaskedLM.config_class(**settings))
        for weight in model.parameters():
            if weight.dim() > 1:
                torch.nn.init.normal_(weight, std=0.3)
    tokenizer = tiny_tokenizer("bert")
    tokenizer.add_special_tokens({"mask_token": "<mask>"})
    folder = run.parent / "model"
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    with pytest.raises(SystemExit) as stop:
        main(["synthesize", str(folder), "--corpus", corpus, "--output", str(run), "--heads", HEADS, *SMALL])
    assert not stop.value.code
    return run


def losses(run: Path, replaced: bool) -> list[list[float]]:
    """Of each test text those of its tokens, each masked in a pass of its own; all heads replaced or none."""
    folder = run.parent / "model"
    model = AutoModelForMaskedLM.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    with open_run(run) as opened:
        assignment, ids = opened.assignment if replaced else {}, opened.ids("test")
    found = []
    with torch.inference_mode(), patch(model, tokenizer, assignment):
        for text in ids:
            own = []
            for place in range(1, len(text) - 1):
                tokens = torch.tensor([[*text[:place], tokenizer.mask_token_id, *text[place + 1 :]]])
                own.append(-float(model(input_ids=tokens).logits[0, place].double().log_softmax(-1)[text[place]]))
            found.append(own)
    return found


def test_tables_are_of_tokens_masked_one_at_a_time(masked: Path, tmp_path: Path, capsys: Capture,
                                                   monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    run = copy_run(masked, tmp_path / "run", measured=True)
    document = call(capsys, "evaluate", run, *ASKED).document
    assert document["measure"] == "pseudo-perplexity"
    own, replaced = losses(masked, False), losses(masked, True)
    count = sum(map(len, own))
    assert document["texts"] == len(own)
    assert document["baseline_perplexity"] == pytest.approx(np.exp(sum(map(sum, own)) / count), rel=1e-4)
    change = np.array([sum(patched) - sum(unpatched) for patched, unpatched in zip(replaced, own, strict=True)])
    tokens = np.array(list(map(len, own)))
    chosen = np.random.default_rng(0).integers(0, len(own), size=(2000, len(own)))
    resampled = np.expm1(change[chosen].sum(1) / tokens[chosen].sum(1))
    expected = [np.expm1(change.sum() / count), *np.percentile(resampled, [2.5, 97.5])]
    (row,) = [row for row in document["sweep"] if row["replacement"] == "program"]
    assert [row["increase"], row["low"], row["high"]] == pytest.approx(expected, rel=1e-3)
    assert {row["replacement"] for row in document["effects"]} == {"program", "zero", "uniform", "mean"}
    assert {"uniform", "random token", "zero"} <= {row["control"] for row in document["controls"]}
    # A second time nothing is measured.
    monkeypatch.setattr(measurement_file.MeasurementFile, "add", lambda *_: pytest.fail("it is there"))
    assert call(capsys, "evaluate", run, *ASKED).document == document
    shown = call(capsys, "evaluate", run, *ASKED[:-2]).out
    assert "the model and the programs read the mask token" in shown
    assert "Increase in pseudo-perplexity, highest validation IoU first" in shown


def test_of_many_tokens_some_of_each_text_are_masked(
    masked: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = copy_run(masked, tmp_path / "run", measured=True)
    monkeypatch.setitem(evaluator._STAGES, "sweep", _Stage(0.0, 1.0))
    found = call(capsys, "evaluate", run, *ASKED, "--texts", "15").document
    assert found["texts"] == 15
    assert "sweep: 15 of 180 tokens masked, at most 1 of a text" in found["left_out"]
    with sqlite3.connect(run / "measurements.sqlite") as connection:
        (tokens,) = connection.execute(
            "SELECT sum(tokens) FROM figures JOIN arms ON arms.id = arm JOIN texts ON texts.id = text"
            " WHERE content LIKE '%random column%'"
        ).fetchone()
    assert tokens == 15
    monkeypatch.setattr("evaluation.perplexity.LOGITS", 1)  # a masked token a batch
    timed = call(capsys, "evaluate", run, *ASKED, "--time", "0.0001").document
    assert "sweep: 2 of 180 masked tokens, for time" in timed["left_out"]


def embeddings(model: Any, ids: list[list[int]]) -> np.ndarray:
    with torch.inference_mode():
        means = [model(input_ids=torch.tensor([text]))[0][0].double().mean(0).numpy() for text in ids]
    return np.array([mean / np.linalg.norm(mean) for mean in means])


def test_embeddings_are_compared_where_no_head_foretells_tokens(finished_encoder: Path, capsys: Capture) -> None:
    outcome = call(capsys, "evaluate", finished_encoder, "--fractions", "34,100", "--json", "--quiet",
                   "--orders", "iou,effect,random,greedy")  # fmt: skip
    assert "are compared, since its tokenizer has no mask token" in outcome.err
    document = outcome.document
    with open_run(finished_encoder) as run:
        loaded, ids, assignment = run.model(), run.ids("test"), run.assignment
    unpatched = embeddings(loaded.model, ids)
    with patch(loaded.model, loaded.tokenizer, assignment):
        patched = embeddings(loaded.model, ids)
    cosines = (unpatched * patched).sum(-1)
    near = [(vectors @ vectors.T - 2 * np.eye(len(ids))).argmax(-1) for vectors in (unpatched, patched)]
    rows = [row for row in document["sweep"] if row["replacement"] == "program" and row["heads"] == 3]
    assert [row["order"] for row in rows] == ["iou", "effect", "random", "greedy"]
    for row in rows:
        assert row["cosine"] == pytest.approx(cosines.mean(), abs=1e-6)
        assert row["neighbour"] == (near[0] == near[1]).mean()
        assert row["low"] <= row["cosine"] <= row["high"]
    assert {"uniform", "zero", "random token"} <= {row["replacement"] for row in document["controls"]}
    assert document["texts"] == len(ids) == 15
    shown = call(capsys, "evaluate", finished_encoder, "--fractions", "100", "--orders", "iou").out
    assert "embeddings of 15 test texts" in shown


def test_why_no_head_foretells_tokens_is_told(masked: Path, bert: str, tmp_path: Path) -> None:
    whole, without = masked.parent / "model", tmp_path / "model"
    model = BertForMaskedLM.from_pretrained(whole)
    model.bert.save_pretrained(without)
    AutoTokenizer.from_pretrained(whole).save_pretrained(without)
    for folder, why in (
        (bert, "its tokenizer has no mask token"),
        (without, "weights of a masked-language head"),
    ):
        found = with_masked_head(load_model(str(folder)), Settings(str(folder), "demo"))
        assert isinstance(found, str)
        assert why in found
    loaded = load_model(str(without))
    found = with_masked_head(loaded, Settings(IN_MEMORY + "a model", "demo"))
    assert found == "it is a BertModel, without a masked-language head"
    given = describe_model("a model", model, loaded.tokenizer)
    assert with_masked_head(given, Settings(IN_MEMORY + "a model", "demo")) is given


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--max-increase", "16"), "have no perplexity to stay within; leave out --max-increase"),
        (("--time", "2"), "are compared whatever time it takes; choose --texts instead of --time"),
    ],
)
def test_what_is_about_perplexity_is_refused_of_embeddings(
    options: tuple[str, str], message: str, finished_encoder: Path, capsys: Capture
) -> None:
    assert message in refusal(capsys, "evaluate", finished_encoder, *options)


def test_a_checkpoint_without_a_pooler_is_the_same_model_each_time(masked: Path) -> None:
    first, second = (load_model(str(masked.parent / "model")) for _ in range(2))
    for name, weight in first.model.state_dict().items():
        assert torch.equal(weight, second.model.state_dict()[name]), name
    assert "pooler.dense.weight" in first.model.state_dict()
