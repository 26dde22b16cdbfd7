"""Scoring: what fails is shown, and test texts choose nothing."""

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import safetensors

from sandbox.verdicts import Verdict
from surrogates.library.candidates import Candidate
from surrogates.library.heads import Head
from synth.fitting.scoring import score_candidates
from synth.fitting.trial import try_programs
from synth.material import HeadData, Material
from synth.run import RunDirectory
from tests.synth.tiny_runs import copy_run

# Not a number wherever the text has as many tokens as asked.
FAILS_AT = '''def fails(query, key, pair, c=1.0):
    """Fails on texts of one length only."""
    return pair.log_distance + where(query.index >= {length}, log(0.0) * 0.0 + (c - c) / (c - c), 0.0)
'''
WORKS = '''def works(query, key, pair, c=-1.0):
    """Recency."""
    return c * pair.log_distance
'''


def material_of(run: Path) -> Material:
    directory = RunDirectory.open(run)
    return Material.load(directory.tokens, directory.attention)


def test_a_program_that_fails_on_validation_texts_has_no_scores(finished: Path) -> None:
    material = material_of(finished)
    found = score_candidates(
        HeadData(material, Head(0, 3)),
        [Candidate("hand", "a", FAILS_AT.format(length=1), None), Candidate("hand", "b", WORKS, None)],
    )
    assert [(c.verdict, c.scores is None) for c in found] == [(Verdict.NOT_FINITE, True), (Verdict.OK, False)]
    assert "not a number" in found[0].reason


def test_a_failure_on_test_texts_alone_takes_no_rank_away(finished: Path) -> None:
    material = material_of(finished)
    # Two tokens that follow each other in test texts alone decide where the program fails.
    pairs = {
        split: {
            (material.table.texts[left], material.table.texts[token])
            for number in numbers
            for left, token in pairwise(material.ids[number])
        }
        for split, numbers in material.splits.items()
    }
    left, token = min(pairs["test"] - pairs["validation"] - pairs["train"])
    place = f"query.is_one_of({token!r}) & query.previous.is_one_of({left!r})"
    source = (
        'def fails(query, key, pair, c=1.0):\n    """Fails after a rare pair."""\n'
        f"    return pair.log_distance + where({place}, (c - c) / (c - c), 0.0)\n"
    )
    (found,) = score_candidates(HeadData(material, Head(0, 3)), [Candidate("hand", "rare", source, None)])
    assert found.verdict is Verdict.NOT_FINITE
    assert found.reason.startswith("on test texts alone: ")
    assert found.scores is not None
    assert found.scores.validation_iou > 0
    assert found.scores.iou < found.scores.validation_iou


def test_a_heads_patterns_are_read_once_whatever_its_programs_number(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: Counter[str] = Counter()
    real = safetensors.safe_open

    def counting(path: Path, **options: Any) -> Any:
        opened[Path(path).name] += 1
        return real(path, **options)

    monkeypatch.setattr("synth.shards.safe_open", counting)
    data = HeadData(material_of(copy_run(finished, tmp_path / "run")), Head(0, 3))
    sources = [WORKS.replace("c=1.0", f"c={constant}.0") for constant in range(1, 9)]
    for source in sources:
        try_programs(data, [Candidate("hand", "a", source, None)])
    # Once for the index, and once for the texts of each split; half of the train texts may be read before the rest.
    assert 0 < max(opened.values()) <= 5
