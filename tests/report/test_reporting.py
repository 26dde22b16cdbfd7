"""``headsynth report`` and ``run.report()``: what the page holds of a run, read back without a browser."""

import json
import os
import random
import shutil
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import numpy as np
import pytest

from surrogates.errors import ProgramFailed
from surrogates.library.candidates import Candidate
from surrogates.library.cover import cover
from surrogates.library.heads import Head
from surrogates.library.library import Library
from synth import evaluate, faithfulness, open_run, synthesize
from synth.progress import Reporter
from synth.reporting import report
from synth.run import Run
from synth.shards import visible_cells
from tests.report.unpacked import Unpacked, decoded
from tests.synth.tiny_runs import call, copy_run, forget_ceilings, refusal
from tests.tiny_models import tiny_model, tiny_tokenizer

Capture = pytest.CaptureFixture[str]
SCRIPTED = (
    'def loops(query, key, pair):\n    """The <b>query</b> itself."""\n    return pair.zeros() + 3 * pair.offset(0)\n'
)
BREAKS = '''def breaks(query, key, pair):
    """The query itself, in some texts."""
    if key.text[1] != "t":
        raise ValueError("no t")
    return pair.zeros() + 3 * pair.offset(0)
'''
MARKUP = "</script><b>dog</b>"
WORDS = ["the dog ran", "a <b>red</b> ball", "She liked the dog .", "</script> Tom &amp; Sam", "ran , and ran"]


def made(kind: str, folder: Path) -> Path:
    """A run on two heads of a tiny model, on texts with markup in them."""
    drawn = random.Random(1)
    texts = [" ".join(drawn.choices(WORDS, k=5)) for _ in range(36)]
    synthesize(
        tiny_model(kind), tokenizer=tiny_tokenizer(kind), texts=texts, output=folder, heads=["L0H0", "L1H2"],
        max_terms=2, max_tokens=14, reporter=Reporter(quiet=True),
    ).close()  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a scripted program that stands in for a head, and one that a language model wrote."""
    path = made("llama", tmp_path_factory.mktemp("reported") / "run")
    head = Head(0, 0)
    library = Library(path)
    best = max((own.scores for own in library.ranked(head)), key=lambda own: own.validation_iou)
    scores = replace(best, validation_iou=0.99, validation_cross_entropy=-1.0)
    source = f'def told(query, key, pair):\n    """M."""\n    return key.is_one_of("{MARKUP}", "dog") * 2\n'
    library.add(head, "hand", [Candidate("hand", "loops", SCRIPTED, scores), Candidate("hand", "breaks", BREAKS, best)])
    library.add(head, "llm", [Candidate("llm", "told", source, best, model="gpt-<i>", round=2)])
    library.close()
    return path


@pytest.fixture(scope="module")
def page(llama: Path, tmp_path_factory: pytest.TempPathFactory) -> Unpacked:
    return page_of(llama, tmp_path_factory.mktemp("page") / "out.html")


def page_of(path: Path, output: Path) -> Unpacked:
    with open_run(path) as run:
        assert report(run, reporter=Reporter(quiet=True)).write(output) == output.stat().st_size
    return Unpacked(output.read_text(encoding="utf-8"))


@pytest.fixture
def opened(llama: Path) -> Iterator[Run]:
    with open_run(llama) as run:
        yield run


def test_the_command_says_where_the_page_is(llama: Path, tmp_path: Path, capsys: Capture) -> None:
    run = copy_run(llama, tmp_path / "run")
    outcome = call(capsys, "report", run, "--quiet")
    written, notice = outcome.out.splitlines()
    size = (run / "report.html").stat().st_size
    assert written == f"report: {run}/report.html, {size / 1e6:.1f} MB"
    assert notice == (
        "Not measured yet: perplexity with heads replaced, controls, effects of single heads; run "
        f"`headsynth evaluate {run}`, then write the report again."
    )
    assert not outcome.code
    again = call(capsys, "report", run, "--output", tmp_path / "page.html", "--quiet")
    assert again.out.startswith(f"report: {tmp_path}/page.html, ")
    assert (tmp_path / "page.html").read_bytes() == (run / "report.html").read_bytes()
    assert not list(tmp_path.rglob("*.unfinished"))


def test_the_overview_is_the_library(page: Unpacked, opened: Run) -> None:
    found, surrogates = page.overview, opened.library.surrogates()
    assert found["texts"] == {split: len(numbers) for split, numbers in opened.material.splits.items()}
    assert [row["head"] for row in found["heads"]] == [str(head) for head in surrogates] == list(page.heads)
    assert sorted(found["without"]) == sorted({f"L{a}H{b}" for a in (0, 1) for b in range(4)} - set(page.heads))
    assert (found["layers"], found["width"], found["causal"]) == (2, 4, True)
    for row, (head, entry) in zip(found["heads"], surrogates.items(), strict=True):
        assert (row["layer"], row["index"], row["iou"]) == (head.layer, head.index, entry.scores.iou)
        assert row["category"] == opened.kinds[head].category
        assert row["ceiling"] == opened.ceilings[head].iou
        assert row["shares"] == opened.kinds[head].shares
        assert set(row["shares"]) <= set(found["share_kinds"])
        baselines = faithfulness(opened, head).baselines
        assert row["baselines"] == pytest.approx({name: own.iou.mean for name, own in baselines.items()})
    assert found["heads"][0]["parts"] is None  # a script stands in
    assert found["heads"][0]["origin"] == "hand"
    own = found["heads"][1]
    words = surrogates[Head(1, 2)].program
    assert (own["parts"], own["literals"]) == (words.parts, words.literals)
    assert own["words"]
    assert all(f'"{word}"' in words.source or f"{word}=" in words.source or f".{word}" in words.source
               for word in own["words"])  # fmt: skip
    assert found["cover"] == cover(opened.library.structures())
    assert sorted(row["cover"] for row in found["structures"] if row["cover"] is not None) == list(
        range(len(found["cover"]))
    )
    assert found["structures"][own["structure"]]["heads"]
    assert found["sweep"] == found["controls"] == found["tasks"] == []
    assert {"like_dog", *found["alike"]} - set(found["vocabulary"]["classes"]) <= {"like_dog"}


def test_the_mean_is_that_of_the_heads_by_text(page: Unpacked, opened: Run) -> None:
    ious = [sorted((text.number, text.iou) for text in faithfulness(opened, head).texts) for head in page.heads]
    of_texts = np.array(ious)[:, :, 1].mean(0)
    mean = page.overview["mean"]
    assert mean["iou"] == pytest.approx(of_texts.mean())
    assert of_texts.min() <= mean["low"] < mean["iou"] < mean["high"] <= of_texts.max()
    assert mean["ceiling"] == pytest.approx(np.mean([own.iou for own in opened.ceilings.values()]))
    assert mean["ceiling_heads"] == 2


def test_the_front_is_of_programs_of_so_many_parts(page: Unpacked, opened: Run) -> None:
    one, *_, last = page.overview["front"]
    best = [
        next(e for e in opened.library.ranked(head) if e.program.kind == "vectorised" and e.program.parts == 1)
        for head in opened.heads
    ]
    assert (one["parts"], one["heads"]) == (1, 2)
    assert one["iou"] == pytest.approx(np.mean([entry.scores.iou for entry in best]))
    assert one["literals"] == np.mean([entry.program.literals for entry in best])
    assert last["literals"] >= one["literals"]


def test_texts_are_what_programs_see(page: Unpacked, opened: Run) -> None:
    held = page.texts["texts"]
    shown = page.overview["shown"]
    assert shown == list(opened.material.splits["test"][:8])
    assert {str(number) for number in shown} <= set(held)
    for number, text in held.items():
        assert text["tokens"] == list(opened.material.table.spell(opened.material.ids[int(number)]))
    assert any("<" in token for text in held.values() for token in text["tokens"])


def test_a_head_has_its_programs_and_patterns(page: Unpacked, opened: Run) -> None:
    for name, value in page.heads.items():
        head = Head.parse(name)
        ranked = opened.library.ranked(head)
        assert [own["name"] for own in value["programs"]] == [entry.name for entry in ranked]
        assert [own["source"] for own in value["programs"]] == [entry.program.source for entry in ranked]
        assert [own["stands_in"] for own in value["programs"]] == [entry.stands_in for entry in ranked]
        literals = [value["programs"][place]["literals"] for place in value["front"]]
        assert literals == sorted(set(literals))
        assert value["front"][-1] == 0
        surrogate = next(entry.program for entry in ranked if entry.stands_in)
        for text in value["texts"]:
            found = opened.patterns(head, text["number"], surrogate)
            visible = found.of_head.visible
            assert np.abs(decoded(text, visible) - found.of_head.weights).max() < 0.01
            assert text["iou"] == pytest.approx(found.iou, abs=1e-4)
    scripted = page.heads["L0H0"]["texts"][0]["scripted"]
    (own,) = (cells for name, cells in scripted.items() if name.endswith("_loops"))
    program = opened.patterns("L0H0", page.overview["shown"][0]).of_program
    assert np.abs(decoded({}, program.visible, own) - program.weights).max() < 0.01
    assert page.heads["L1H2"]["texts"][0]["scripted"] == {}
    assert [own["origin"] for own in page.heads["L0H0"]["programs"] if own["name"].endswith("_told")] == [
        "llm round 2, gpt-<i>"
    ]


def test_where_a_script_fails_its_reason_is_held(page: Unpacked, opened: Run) -> None:
    texts = page.heads["L0H0"]["texts"]
    program = next(entry.program for entry in opened["L0H0"] if entry.name.endswith("_breaks"))
    failed = 0
    for text in texts:
        (own,) = (cells for name, cells in text["scripted"].items() if name.endswith("_breaks"))
        try:
            opened.patterns("L0H0", text["number"], program)
        except ProgramFailed as error:
            assert own == str(error)
            failed += 1
        else:
            assert len(own)
    assert 0 < failed < len(texts)


def test_a_head_has_its_worst_and_best_texts(page: Unpacked, opened: Run) -> None:
    for name, value in page.heads.items():
        found = faithfulness(opened, name)
        assert value["faithful"]["overall"]["iou"] == pytest.approx(list(found.overall.iou), rel=1e-4)
        assert [own["number"] for own in value["faithful"]["worst"]] == [own.number for own in found.texts[:5]]
        assert [own["number"] for own in value["faithful"]["best"]] == [own.number for own in found.texts[::-1][:5]]
        assert [own["name"] for own in value["faithful"]["classes"]] == [own.name for own in found.classes]
        numbers = [own["number"] for own in value["texts"]]
        assert numbers[: len(page.overview["shown"])] == page.overview["shown"]
        assert {found.texts[0].number, found.texts[-1].number} <= set(numbers)
        assert set(map(str, numbers)) <= set(page.texts["texts"])


def test_what_was_evaluated_is_in_it(llama: Path, tmp_path: Path, capsys: Capture) -> None:
    run = copy_run(llama, tmp_path / "run")
    tiny_model("llama").save_pretrained(tmp_path / "model")
    tiny_tokenizer("llama").save_pretrained(tmp_path / "model")
    settings = run / "run.toml"
    lines = settings.read_text().splitlines()
    model = json.dumps(str(tmp_path / "model"))
    settings.write_text("\n".join(f"model = {model}" if line.startswith("model = ") else line for line in lines) + "\n")
    with open_run(run) as opened:
        evaluate(opened, [0.5], orders=["iou"], on_error="neural", reporter=Reporter(quiet=True))
    (notice,) = page_of(run, tmp_path / "page.html").overview["notices"]
    assert notice.startswith("Not measured yet: controls, effects of 1 of 2 heads; run `headsynth evaluate ")
    asked = ("--fractions", "50,100", "--orders", "iou", "--json", "--quiet", "--on-error", "neural")
    document = call(capsys, "evaluate", run, *asked, "--controls", "50").document
    found = page_of(run, tmp_path / "page.html").overview
    by_heads = {(row["replacement"], row["heads"]): row["increase"] for row in found["sweep"] if row["order"] == "iou"}
    assert by_heads == pytest.approx(
        {(row["replacement"], row["heads"]): row["increase"] for row in document["sweep"]}, abs=1e-9
    )
    effects = {(row["head"], row["replacement"]): row for row in document["effects"]}
    for row in found["heads"]:
        assert row["effect"]["zero"] == pytest.approx(effects[row["head"], "zero"]["divergence"])
        assert row["effect"]["recovered"] == pytest.approx(effects[row["head"], "program"]["recovered"])
    assert {row["control"] for row in found["controls"]} >= {"right assignment", "uniform", "zero"}
    assert found["notices"] == []


def test_heads_without_ceilings_are_shown(llama: Path, tmp_path: Path) -> None:
    run = copy_run(llama, tmp_path / "run")
    forget_ceilings(run)
    found = page_of(run, tmp_path / "page.html").overview
    assert found["mean"]["ceiling"] is None
    assert all(row["ceiling"] is None and row["category"] is None for row in found["heads"])


@pytest.mark.parametrize("kind", ["bert", "mistral", "gpt_oss"])
def test_other_models(kind: str, tmp_path: Path) -> None:
    """One that looks ahead, one with a window, and one whose rows do not sum to one."""
    run = made(kind, tmp_path / "run")
    found = page_of(run, tmp_path / "page.html")
    assert found.overview["causal"] == (kind != "bert")
    with open_run(run) as opened:
        for name, value in found.heads.items():
            assert value["window"] == opened.material.windows[Head.parse(name).layer]
            data = opened._data_of(Head.parse(name))
            for text in value["texts"]:
                ids = opened.material.ids[text["number"]]
                visible = visible_cells([len(ids)], kind != "bert", value["window"])[0]
                own = data.patterns([text["number"]])[0].numpy()
                assert np.abs(decoded(text, visible) - own).max() < 0.01
                assert (text["mass"] is not None) == (kind == "gpt_oss")
    if kind == "bert":
        assert found.overview["notices"] == [
            "Perplexity with heads replaced is not held of an encoder; `headsynth evaluate` measures it."
        ]


def test_a_notebook_shows_it_and_the_run_stays_as_it_was(llama: Path, tmp_path: Path) -> None:
    path = copy_run(llama, tmp_path / "run")

    def files() -> set[str]:
        return {file.name for file in path.iterdir() if not file.name.startswith("library.sqlite")}

    before = files()
    with open_run(path) as run:
        shown = run.report()
        html = shown._repr_html_()
        one = run["L1H2"]._repr_html_()
        assert files() == before
        assert shown.path == path / "report.html"
        assert repr(shown) == f"Report('{path}/report.html')"
        assert shown.write() == shown.path.stat().st_size
    assert html.startswith('<iframe srcdoc="')
    assert Unpacked(unescape(html.split('srcdoc="')[1].split('"')[0])).heads.keys() == {"L0H0", "L1H2"}
    alone = unescape(one.split('srcdoc="')[1].split('"')[0])
    assert 'location.hash = "L1H2"' in alone
    assert Unpacked(alone).heads.keys() == {"L1H2"}
    assert Unpacked(alone).overview["notices"] == [
        f"This page holds L1H2 alone; `headsynth report {path}` writes one of all heads."
    ]


def test_a_page_that_cannot_be_finished_leaves_the_one_before(opened: Run, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("old")
    made = report(opened, "L1H2")
    broken = replace(made, _pieces=["new", "half a character: \ud800"])
    with pytest.raises(UnicodeEncodeError):
        broken.write(path)
    assert [file.read_text() for file in tmp_path.iterdir()] == ["old"]
    made.write(path)
    assert [file.read_text() for file in tmp_path.iterdir()] == [made.html]


def test_what_cannot_be_reported_is_one_line(llama: Path, tmp_path: Path, capsys: Capture) -> None:
    assert "is no run directory" in refusal(capsys, "report", tmp_path)
    run = copy_run(llama, tmp_path / "run")
    missing = tmp_path / "missing" / "page.html"
    line = refusal(capsys, "report", run, "--output", missing, "--quiet")
    assert f"cannot write {missing}: No such file or directory" in line
    assert line.endswith("name another place with --output")
    (tmp_path / "folder").mkdir()
    assert "it is no file" in refusal(capsys, "report", run, "--output", tmp_path / "folder")
    os.mkfifo(tmp_path / "pipe")
    assert "it is no file" in refusal(capsys, "report", run, "--output", tmp_path / "pipe")
    shutil.rmtree(run / "attention")
    assert str(run / "attention") in refusal(capsys, "report", run, "--quiet")
    Library(run)._execute("DELETE FROM candidates")
    assert "has no scored program yet" in refusal(capsys, "report", run)
    assert not list(run.glob("report*"))
