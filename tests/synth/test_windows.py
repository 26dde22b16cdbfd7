"""Models with a sliding window on every other layer, from synthesis to perplexity: each layer is met as it sees."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from surrogates import load_library, patch
from surrogates.library.heads import Head
from surrogates.library.ranking import Ranked
from synth import faithfulness, open_run
from synth.attention import AttentionStore
from synth.corpus import read_texts
from tests.synth.tiny_runs import call, ranked, save_model
from tests.tiny_models import WINDOW, tiny_model

Capture = pytest.CaptureFixture[str]
LONGEST = 8  # tokens of a text; as many as a head of the tiny models has dimensions


def synthesize(capsys: Capture, model: str, corpus: str, run: Path, heads: str, *more: object) -> None:
    given = ("--max-terms", 2, "--max-tokens", LONGEST, "--jobs", 1, "--quiet", *more)
    outcome = call(capsys, "synthesize", model, "--corpus", corpus, "--output", run, "--heads", heads, *given)
    assert outcome.code == 0, outcome.err


def sweep(capsys: Capture, run: Path) -> dict[str, float]:
    """The increase in perplexity by what replaces all heads."""
    outcome = call(capsys, "evaluate", run, "--fractions", "100", "--json", "--quiet")
    assert outcome.code == 0, outcome.err
    return {point["replacement"]: point["increase"] for point in outcome.document["sweep"]}


def beyond(pattern: np.ndarray) -> np.ndarray:
    """The weights on keys before the window, of patterns (…, queries, keys)."""
    n = pattern.shape[-1]
    return pattern[..., np.subtract.outer(range(n), range(n)) >= WINDOW]


def test_heads_with_and_without_a_window_get_programs(tmp_path: Path, corpus: str, capsys: Capture) -> None:
    """The first layer of a Gemma 2 has the window."""
    run, name = tmp_path / "run", save_model("gemma2", tmp_path / "model")
    windowed, full = [Head(0, 0), Head(0, 3)], [Head(1, 1), Head(1, 2)]
    synthesize(capsys, name, corpus, run, ",".join(map(str, windowed + full)))
    assert all(len(entries) > 2 for entries in ranked(run).values())
    programs = load_library(run)
    assert list(programs) == windowed + full

    tokenizer, model = (
        AutoTokenizer.from_pretrained(name),
        AutoModelForCausalLM.from_pretrained(name, attn_implementation="eager").eval(),
    )
    store = AttentionStore(run / "attention")
    for number, text in enumerate(read_texts(run / "texts.jsonl")[:4]):
        ids = tokenizer(text.text, return_tensors="pt").input_ids[:, :LONGEST]
        neural = patterns(model, ids)
        with patch(model, tokenizer, programs):
            replaced = patterns(model, ids)
        for head in windowed + full:
            own, program = neural[head.layer][head.index], replaced[head.layer][head.index]
            np.testing.assert_allclose(store.read(head, [number])[0], own, atol=2e-3)
            assert beyond(own).any() == beyond(program).any() == (head in full)
            np.testing.assert_allclose(program.sum(-1), 1, rtol=1e-5)
            assert np.abs(program - own).max() > 1e-3  # so it is the program's
    assert all(math.isfinite(increase) for increase in sweep(capsys, run).values())
    with open_run(run) as opened:
        farthest = {head: faithfulness(opened, head).distances[-1].farthest for head in windowed + full}
    assert farthest == dict.fromkeys(windowed, WINDOW - 1) | dict.fromkeys(full, LONGEST - 1)


def patterns(model: Any, ids: torch.Tensor) -> list[np.ndarray]:
    """Of each layer, shape (heads, queries, keys)."""
    with torch.inference_mode():
        return [layer[0].numpy() for layer in model(ids, output_attentions=True).attentions]


NEAR = "4.0 * pair.offset(1)"
FAR = f"{NEAR} + 9.0 * pair.offset({WINDOW + 1})"


def save_planted(folder: Path) -> str:
    """A GPT-Neo in whose layers, the second with a window, head 2 scores as ``FAR`` says; the path to it."""
    name = save_model("gpt_neo", folder)
    model: Any = tiny_model("gpt_neo")
    distance = np.subtract.outer(range(LONGEST), range(LONGEST))
    scores = torch.tensor(4.0 * (distance == 1) + 9.0 * (distance == WINDOW + 1), dtype=torch.float32)
    decoder, head = model.transformer, slice(2 * LONGEST, 3 * LONGEST)
    with torch.no_grad():
        # Positions are all that a query or a key tells, and nothing is added to them on the way to the second layer.
        decoder.wte.weight[:, :LONGEST] = 0
        decoder.wpe.weight.zero_()
        decoder.wpe.weight[:LONGEST, :LONGEST] = 30 * torch.eye(LONGEST)
        decoder.h[0].attn.attention.out_proj.weight.zero_()
        decoder.h[0].mlp.c_proj.weight.zero_()
        normed = decoder.h[0].ln_1(decoder.wpe.weight[:LONGEST])
        place = torch.linalg.pinv(normed.T)  # from what reaches a layer to the position, one of LONGEST
        for block in decoder.h:
            block.attn.attention.k_proj.weight[head] = place
            block.attn.attention.q_proj.weight[head] = scores.T @ place
    model.save_pretrained(folder)
    return name


def program(label: str, body: str) -> str:
    return f'def {label}(query, key, pair):\n    """Planted."""\n    return {body}\n'


def test_what_is_planted_beyond_a_window_changes_nothing(tmp_path: Path, corpus: str, capsys: Capture) -> None:
    run, own = tmp_path / "run", tmp_path / "own"
    own.mkdir()
    (own / "near.py").write_text(program("near", NEAR))
    (own / "far.py").write_text(program("far", FAR))
    synthesize(capsys, save_planted(tmp_path / "model"), corpus, run, "L0H2,L1H2", "--programs", own)
    full, windowed = ranked(run).values()

    scores = {entry.candidate.label: entry.scores for entry in windowed if entry.candidate.origin == "hand"}
    assert scores["far"] == scores["near"]
    assert scores["far"].iou > 0.99
    scores = {entry.candidate.label: entry.scores for entry in full if entry.candidate.origin == "hand"}
    assert scores["far"].iou > 0.99
    assert scores["near"].iou < 0.7

    # The search finds all that was planted where it is seen, and nothing else where it is not.
    assert best_found(full).scores.iou > 0.9
    assert best_found(windowed).scores.iou > 0.98
    assert any(entry.program.hypothesis == "The previous token." for entry in windowed)

    increase = sweep(capsys, run)
    assert abs(increase["program"]) < abs(increase["uniform"]) / 10


def best_found(entries: list[Ranked]) -> Ranked:
    return next(entry for entry in entries if entry.candidate.origin == "search")
