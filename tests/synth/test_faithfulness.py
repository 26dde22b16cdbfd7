"""How faithful a program is to a run's head, against the library and what its patterns say, and how it is shown."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluation.faithfulness import Figures
from surrogates.errors import InputError
from synth import faithfulness, open_run
from synth.head_faithfulness import HeadFaithfulness
from synth.run import Run
from tests.synth.tiny_runs import call, refusal

HEAD = "L0H3"
RECENCY = 'def attend(query, key, pair):\n    """Recency."""\n    return -0.5 * pair.log_distance\n'
PLAIN = {"uniform": "0", "first": "100 * key.is_first", "previous": "100 * pair.offset(1)"}


@pytest.fixture(scope="module", params=["decoder", "encoder"])
def opened(request: Any) -> Iterator[Run]:
    path = request.getfixturevalue("finished" if request.param == "decoder" else "finished_encoder")
    with open_run(path) as run:
        yield run


@pytest.fixture(scope="module")
def found(opened: Run) -> HeadFaithfulness:
    return faithfulness(opened, HEAD)


def means(figures: Figures) -> list[float]:
    return [own.mean for own in (figures.iou, figures.cross_entropy, figures.jsd)]


def test_overall_figures_are_the_librarys(opened: Run, found: HeadFaithfulness) -> None:
    surrogate = opened[HEAD].surrogate
    assert found.program == surrogate.program
    assert found.ceiling == opened.ceilings[found.head].iou
    other = next(entry for entry in opened[HEAD] if not entry.stands_in)
    for scores, own in [
        (surrogate.scores, found.overall),
        (other.scores, faithfulness(opened, HEAD, other.program).overall),
        (opened.score(RECENCY, HEAD).scores, faithfulness(opened, HEAD, RECENCY).overall),
    ]:
        assert scores is not None
        assert means(own) == pytest.approx([scores.iou, scores.cross_entropy, scores.jsd], abs=1e-5)
        assert own.iou[1:] == pytest.approx((scores.iou_low, scores.iou_high), abs=1e-5)


def test_a_scripted_program_shows_progress(opened: Run, capsys: pytest.CaptureFixture[str]) -> None:
    scripted = RECENCY.replace("return", "scores = pair.zeros()\n    return scores[:, :]")
    own, same = faithfulness(opened, HEAD, scripted), faithfulness(opened, HEAD, RECENCY)
    assert own.program.kind == "scripted"
    assert means(own.overall) == pytest.approx(means(same.overall), abs=1e-5)
    assert [text.number for text in own.texts] == [text.number for text in same.texts]
    texts = len(opened.material.splits["test"])
    assert capsys.readouterr().err.startswith(f"attend on test texts: {texts} of {texts}, ")


@pytest.mark.parametrize("name", PLAIN)
def test_baselines_are_plain_programs(name: str, opened: Run, found: HeadFaithfulness) -> None:
    source = f'def attend(query, key, pair):\n    """Plain."""\n    return {PLAIN[name]}\n'
    scores = opened.score(source, HEAD).scores
    assert scores is not None
    own = found.baselines[name]
    assert means(own) == pytest.approx([scores.iou, scores.cross_entropy, scores.jsd], abs=1e-5)


def test_parts_are_what_patterns_say(opened: Run, found: HeadFaithfulness) -> None:
    ious: dict[str, list[float]] = defaultdict(list)
    queries: dict[str, int] = defaultdict(int)
    cells: dict[int, np.ndarray] = defaultdict(lambda: np.zeros(4))
    numbers = opened.material.splits["test"]
    for number in numbers:
        patterns = opened.patterns(HEAD, number)
        a, p = patterns.of_head.weights.astype(float), patterns.of_program.weights.astype(float)
        tokens = patterns.of_head.tokens
        in_class = {
            "is_first": [place == 0 for place in range(len(tokens))],
            "is_comma": [token == "," for token in tokens],
            "is_punctuation": [token in (".", ",") for token in tokens],
            "is_special": [token in ("<s>", "</s>") for token in tokens],
        } | ({} if opened.material.causal else {"is_last": [place == len(tokens) - 1 for place in range(len(tokens))]})
        for name, mask in in_class.items():
            if any(mask):
                ious[name].append(np.minimum(a, p)[mask].sum() / np.maximum(a, p)[mask].sum())
                queries[name] += sum(mask)
        for query in range(len(tokens)):
            for key in range(len(tokens)):
                both = (a[query, key], p[query, key])
                cells[query - key] += (*(own / len(tokens) / len(numbers) for own in both), min(both), max(both))
    classes = {own.name: own for own in found.classes}
    for name, of_texts in ious.items():
        assert classes[name].figures.iou.mean == pytest.approx(np.mean(of_texts), abs=1e-5)
        assert (classes[name].queries, classes[name].texts) == (queries[name], len(of_texts))
    assert ("is_last" in classes) != opened.material.causal
    for own in found.distances:
        low, high = sorted((own.nearest, own.farthest))
        head, program, smaller, larger = np.sum(
            [at for distance, at in cells.items() if low <= distance <= high], axis=0
        )
        assert own.overlap is not None
        assert (own.head, own.program, own.overlap.mean) == pytest.approx((head, program, smaller / larger), abs=1e-5)
    assert sum(own.head for own in found.distances) == pytest.approx(1, abs=1e-5)
    assert min(own.farthest for own in found.distances) == (0 if opened.material.causal else -13)


def test_texts_and_queries_are_ordered_from_the_worst(opened: Run, found: HeadFaithfulness) -> None:
    assert sorted(text.number for text in found.texts) == sorted(opened.material.splits["test"])
    ious = [text.iou for text in found.texts]
    assert ious == sorted(ious)
    for text in (found.texts[0], found.texts[-1]):
        assert opened.patterns(HEAD, text.number).iou == pytest.approx(text.iou, abs=1e-5)
        assert opened.texts[text.number].text.startswith(text.beginning.rstrip("…"))
    patterns = opened.patterns(HEAD, found.texts[0].number)
    a, p = patterns.of_head.weights, patterns.of_program.weights
    rows = np.minimum(a, p).sum(-1) / np.maximum(a, p).sum(-1)
    assert [own.iou for own in found.worst_queries] == pytest.approx(sorted(rows)[:5], abs=1e-5)
    for own in found.worst_queries:
        assert own.token == patterns.of_head.tokens[own.place]
        for side, weights in ((own.head, a), (own.program, p)):
            assert side.token == patterns.of_head.tokens[side.place]
            assert side.weight == pytest.approx(weights[own.place].max(), abs=1e-5)


def test_the_command_shows_what_is_found(opened: Run, found: HeadFaithfulness, capsys: Any) -> None:
    document = call(capsys, "inspect", opened.path, HEAD, "--json").document["faithfulness"]
    assert [document[name] for name in ("iou", "iou_low", "iou_high")] == list(found.overall.iou)
    assert document["baselines"]["previous"]["jsd"] == found.baselines["previous"].jsd.mean
    assert [(own["class"], own["queries"], own["cross_entropy"]) for own in document["classes"]] == [
        (own.name, own.queries, own.figures.cross_entropy.mean) for own in found.classes
    ]
    assert [(own["nearest"], own["head"], own["overlap_high"]) for own in document["distances"]] == [
        (own.nearest, own.head, own.overlap and own.overlap.high) for own in found.distances
    ]
    assert [(own["number"], own["iou"]) for own in document["texts"]] == [(o.number, o.iou) for o in found.texts]
    assert [own["program"]["weight"] for own in document["worst_queries"]] == [
        own.program.weight for own in found.worst_queries
    ]
    page = call(capsys, "inspect", opened.path, HEAD).out.splitlines()
    shown = [line.split() for line in page]
    iou = found.overall.iou
    assert ["program", f"{iou.mean:.3f}", f"{iou.low:.3f}–{iou.high:.3f}"] in [line[:3] for line in shown]
    assert ["ceiling", f"{found.ceiling:.3f}"] in shown
    for own in found.distances:
        name = f"{own.nearest} to {own.farthest}" if own.nearest != own.farthest else str(own.nearest)
        assert [*name.split(), f"{own.head:.3f}", f"{own.program:.3f}"] in [line[:-2] for line in shown]
    html = found._repr_html_()
    assert html.count("<table") == 5
    assert f"{iou.low:.3f}–{iou.high:.3f}" in html


def test_a_program_that_fails_on_some_texts_is_said_to(opened: Run) -> None:
    first = opened.material.table.spell(opened.material.ids[opened.material.splits["test"][0]])
    place = f"query.is_one_of({first[3]!r}) & query.previous.is_one_of({first[2]!r})"
    source = f'def a(query, key, pair, c=1.0):\n    """Fails."""\n    return where({place}, (c - c) / (c - c), 0.0)\n'
    found = faithfulness(opened, HEAD, source)
    nothing = [text.iou for text in found.texts if text.iou == 0]
    assert 0 < found.failed == len(nothing) < len(found.texts)
    assert found.worst_queries == ()
    assert f"it failed on {found.failed} of them" in found.tables[0].title
    assert len(found.tables) == 4


def test_missing_patterns_are_one_line(run: Path, capsys: Any) -> None:
    for shard in (run / "attention").glob("*.safetensors"):
        shard.unlink()
    for form in ((), ("--json",)):
        assert "holds no attention patterns; run the extraction" in refusal(capsys, "inspect", run, HEAD, *form)


def test_what_is_not_there_is_refused(opened: Run) -> None:
    with pytest.raises(InputError, match="there is no head L9H0 here"):
        faithfulness(opened, "L9H0")
    with pytest.raises(InputError, match="has no programs for L1H3"):
        faithfulness(opened, "L1H3")
    with pytest.raises(InputError, match="this is no program"):
        faithfulness(opened, HEAD, "def (")
