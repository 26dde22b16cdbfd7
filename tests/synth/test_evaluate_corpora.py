"""``headsynth evaluate --corpus``: the same programs on texts that they were not found on."""

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluation.measuring import PatchedModel, measure
from synth.models import encode
from synth.run import open_run
from tests.synth.tiny_runs import call, copy_run, refusal

Capture = pytest.CaptureFixture[str]
ASKED = ("--orders", "random", "--controls", "0", "--json", "--quiet")


def documents(count: int) -> list[str]:
    generator = random.Random(7)
    return [" ".join(generator.choices(["park", "dog", "Sam", "ran", "red", ".", "a"], k=12)) for _ in range(count)]


@pytest.fixture
def other(finished: Path, tmp_path: Path) -> str:
    """Eight texts, and three of the run's own."""
    own = [json.loads(line)["text"] for line in (finished / "texts.jsonl").read_text().splitlines()]
    path = tmp_path / "other.jsonl"
    texts = [own[0], *documents(8), own[20], own[-1]]
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    return str(path)


def test_iou_and_cost_are_those_on_the_texts(finished: Path, other: str, tmp_path: Path, capsys: Capture) -> None:
    run = copy_run(finished, tmp_path / "run")
    asked = ("evaluate", run, "--fractions", "34,100", "--corpus", f"other={other}", *ASKED)
    document: Any = call(capsys, *asked).document
    own, further = document["corpora"]
    assert (own["corpus"], own["texts"], own["in_run"]) == ("", 15, 0)
    assert (further["corpus"], further["texts"], further["in_run"]) == ("other", 8, 3)
    with open_run(run) as opened:
        library = [opened[head].surrogate.scores.iou for head in opened.heads]
        assert own["iou"] == pytest.approx(np.mean(library), abs=1e-5)
        ious = [np.mean([opened.patterns(head, text).iou for head in opened.heads]) for text in documents(8)]
        loaded = opened.model()
        ids = encode(loaded, documents(8), opened.settings.max_tokens)
        found = measure(PatchedModel(loaded.model, loaded.tokenizer), ids, {"all": opened.assignment})
    assert further["iou"] == pytest.approx(np.mean(ious), abs=1e-5)
    assert further["iou_low"] <= further["iou"] <= further["iou_high"]
    assert [row["heads"] for row in further["sweep"]] == [1, 3]
    assert further["sweep"][1]["increase"] == pytest.approx(found.increase("all").mean, rel=1e-4)
    assert further["sweep"][1]["baseline_perplexity"] == pytest.approx(found.perplexity(), rel=1e-5)
    swept = [row for row in document["sweep"] if row["replacement"] == "program"]
    assert [row["increase"] for row in own["sweep"]] == [row["increase"] for row in swept]
    shown = call(capsys, *asked[:-2]).out
    assert "Texts that were left out are the run's own." in shown


def test_embeddings_are_compared_on_further_texts_too(finished_encoder: Path, other: str, capsys: Capture) -> None:
    asked = ("evaluate", finished_encoder, "--fractions", "100", "--corpus", f"other={other}", *ASKED)
    own, further = call(capsys, *asked).document["corpora"]
    with open_run(finished_encoder) as opened:
        library = [opened[head].surrogate.scores.iou for head in opened.heads]
        ious = [np.mean([opened.patterns(head, text).iou for head in opened.heads]) for text in documents(8)]
    assert own["iou"] == pytest.approx(np.mean(library), abs=1e-5)
    assert further["iou"] == pytest.approx(np.mean(ious), abs=1e-5)
    assert -1 <= further["sweep"][0]["cosine"] < 1
    assert "Cosine with the embeddings of the model as it is there" in call(capsys, *asked[:-2]).out


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["a=x.txt", "a=y.txt"], "two corpora are called 'a'; give each a name of its own"),
        (["stories.txt"], "cannot read the corpus 'stories.txt'; write NAME=CORPUS"),
        (["=stories.txt"], "cannot read the corpus '=stories.txt'; write NAME=CORPUS"),
        (["a=none.txt"], "none.txt"),
        (["a=none.pdf"], "cannot tell what kind of corpus none.pdf is"),
        (["a={short}"], "the corpus a has 0 texts of two tokens that the run does not have; give at least 2"),
    ],
)
def test_corpora_that_cannot_be_used_are_refused(
    given: list[str], message: str, finished: Path, tmp_path: Path, capsys: Capture
) -> None:
    short = tmp_path / "short.jsonl"
    short.write_text(json.dumps({"text": "<s>"}) + "\n")
    run = copy_run(finished, tmp_path / "run")
    options = [option for text in given for option in ("--corpus", text.format(short=short))]
    assert message in refusal(capsys, "evaluate", run, *options)
    assert not (run / "measurements.sqlite").exists()
