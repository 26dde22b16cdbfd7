"""The README's notebook session on a model in memory, and what its values show."""

import os
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
import torch
from tokenizers import processors

from sandbox.verdicts import Verdict
from surrogates import Baseline, Head, Program, load_library, patch
from surrogates.errors import InputError
from surrogates.library.candidates import Candidate, Ceiling
from synth import evaluate, open_run, synthesize
from synth.corpus import read_texts
from synth.progress import Reporter
from synth.run import Run
from tests.synth.tiny_runs import call, copy_run, forget_ceilings, ranked, rows
from tests.tiny_models import WINDOW, tiny_model, tiny_tokenizer

README = Path(__file__).parents[2] / "README.md"
HEAD = "L0H3"
TEXT = "the dog ran and liked a red ball . She liked the dog"


def cells(section: str) -> list[str]:
    """The Python blocks of a section of the README, for a tiny model's heads."""
    text = README.read_text().split(f"## {section}\n")[1].split("\n## ")[0]
    return [block.replace("L3H7", HEAD) for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL)]


def displayed(cell: str, names: dict[str, Any]) -> list[Any]:
    """Run a cell, and what each of its expressions would display."""
    shown = []
    for statement in cell.split("\n"):
        try:
            shown.append(eval(statement, names))
        except SyntaxError:
            exec(statement, names)
    return shown


def test_the_session_of_the_readme(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    model, tokenizer = tiny_model("llama"), tiny_tokenizer("llama")
    stories = [text.text for text in read_texts(finished / "texts.jsonl")]
    names: dict[str, Any] = {"model": model, "tokenizer": tokenizer, "stories": stories}
    session, library, compacting, *_ = cells("In a notebook")
    session = session.replace('output="RUN"', 'output="RUN", heads=["L0H3"], max_terms=2, max_tokens=14')
    page, programs, scores, patterns, pattern, structures, (category, kind), ceilings, *measured = displayed(
        session, names
    )
    classes, frame, gone, tuned, side_by_side = measured
    assert page._repr_html_().startswith("<iframe")
    assert not page.path.exists()
    assert programs.surrogate.stands_in
    assert all(entry.name in programs._repr_html_() for entry in programs)
    assert 0 < scores.iou_low <= scores.iou <= scores.iou_high < 1
    assert patterns.of_head.tokens == patterns.of_program.tokens
    assert patterns._repr_html_().count("<table") == 2
    assert pattern.weights.sum(1) == pytest.approx(1)
    assert Head.parse(HEAD) in structures[0].uses
    assert category == kind.category == programs.category
    assert isinstance(category, str)
    assert set(ceilings) <= {Head.parse(HEAD)}
    assert "is_alphabetic" in {own.name for own in classes}
    assert list(frame["heads"]) == [1] * 24
    assert gone is None or gone.low <= gone.mean <= gone.high
    assert set(tuned) == {Head.parse(HEAD)}
    assert side_by_side.heads == (Head.parse(HEAD),)
    assert {"increase", "low", "high", "baseline_perplexity"} <= set(frame.columns)
    exec(library, names)
    exec(compacting, names)
    with torch.no_grad():
        ids = torch.tensor([[3, 4, 5]])
        small = names["small"](ids).logits
        with patch(model, tokenizer, names["assignment"]):
            assert torch.allclose(small, model(ids).logits, atol=1e-4)
    assert names["assignment"][Head(0, 1)] is Baseline.UNIFORM
    assert names["assignment"][Head(0, 3)] == names["program"]
    # It is a run like any other, but that its model has to be given again.
    names["run"].close()
    with open_run("RUN") as run:
        assert run[HEAD].surrogate.program == names["program"]
        with pytest.raises(InputError, match=r"give it again: open_run\(path, model=…, tokenizer=…\)"):
            evaluate(run)
    capsys.readouterr()


def test_a_run_in_memory_is_told_from_another(finished: Path, tmp_path: Path) -> None:
    stories = [text.text for text in read_texts(finished / "texts.jsonl")]
    given: dict[str, Any] = {"output": tmp_path / "run", "heads": [HEAD], "max_terms": 1, "max_tokens": 14}
    model, tokenizer = tiny_model("gpt2"), tiny_tokenizer("gpt2")
    synthesize(model, tokenizer=tokenizer, texts=stories, reporter=Reporter(quiet=True), **given).close()
    before = rows(tmp_path / "run")
    with pytest.raises(InputError, match="holds a run with corpus = "):
        synthesize(model, tokenizer=tokenizer, texts=stories[1:], **given)
    with open_run(tmp_path / "run", model=model, tokenizer=tokenizer) as run:
        with torch.no_grad():
            model.transformer.h[0].attn.c_attn.weight += 0.1
        with pytest.raises(InputError, match=r"the weights of .* are not those"):
            evaluate(run)
    with pytest.raises(InputError, match="the weights are not those"):
        synthesize(model, tokenizer=tokenizer, texts=stories, **given)
    with pytest.raises(InputError, match=r"the weights of .* are not those"):
        open_run(tmp_path / "run", model=model, tokenizer=tokenizer)
    assert rows(tmp_path / "run") == before


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"tokenizer": None}, "a model in memory needs its tokenizer"),
        ({"texts": "one text"}, "texts is no list of texts"),
        ({"texts": [b"bytes"]}, "text 0: the text is a bytes; write a string"),
        ({"texts": ["a", "\ud800"]}, "text 1: the text has half a character"),
        ({"corpus": "demo"}, "both a corpus and texts"),
        ({"model": "demo"}, "brings its own tokenizer"),
        ({"model": 3}, "the model is a int; give a name, a folder or a model in memory"),
        ({"tokenizer": "gpt2"}, "a model in memory needs its tokenizer"),
        ({"texts": 3}, "texts is no list of texts"),
        ({"texts": None, "corpus": 3}, "the corpus is a int"),
        ({"texts": None, "corpus": Path("no.jsonl")}, "cannot read no.jsonl"),
        ({"texts": ["a", "b"]}, "give at least 10"),
        ({"texts": (text for text in "ab")}, "give at least 10"),
        ({"heads": "H3"}, "'H3' is not a head"),
        ({"heads": [Head(0, 9)]}, "there is no head L0H9 here"),
        ({"max_tokens": 14.0}, "max_tokens = 14.0 is of type float; give a whole number"),
        ({"max_terms": 0}, "max_terms = 0 is out of range; give 1 to 32"),
        ({"seed": None}, "seed = None is of type NoneType"),
        ({"bos": "perhaps"}, "bos is 'perhaps'; give True, False or None"),
    ],
)
def test_what_does_not_go_together_is_refused(given: dict[str, Any], message: str, tmp_path: Path) -> None:
    right = {
        "model": tiny_model("llama"),
        "tokenizer": tiny_tokenizer("llama"),
        "texts": ["a"],
        "output": tmp_path / "r",
    }
    with pytest.raises(InputError, match=message):
        synthesize(**right | given)
    assert not (tmp_path / "r").exists()


def test_a_model_in_memory_keeps_its_attention(finished: Path, tmp_path: Path) -> None:
    model, tokenizer = tiny_model("llama"), tiny_tokenizer("llama")
    model.set_attn_implementation("sdpa")
    stories = [text.text for text in read_texts(finished / "texts.jsonl")]
    with synthesize(
        model, tokenizer=tokenizer, texts=stories, output=tmp_path / "run", heads=[HEAD], max_terms=1, max_tokens=14
    ) as run:
        assert model.config._attn_implementation == "sdpa"
        found = run.patterns(HEAD, 3)
        assert found.of_head.weights.sum(1) == pytest.approx(1)
    assert model.config._attn_implementation == "sdpa"


@pytest.fixture
def opened(finished: Path, tmp_path: Path) -> Any:
    with open_run(copy_run(finished, tmp_path / "run")) as run:
        yield run


def test_a_stored_text_and_the_same_text_anew_have_the_same_pattern(opened: Run) -> None:
    for number in (0, 5):
        stored, anew = opened.patterns(HEAD, number), opened.patterns(HEAD, opened.texts[number].text)
        assert stored.of_head.tokens == anew.of_head.tokens
        np.testing.assert_allclose(stored.of_head.weights, anew.of_head.weights, atol=1e-3)
        np.testing.assert_allclose(stored.of_program.weights, anew.of_program.weights, atol=1e-5)
        assert 0 < stored.iou < 1


def test_a_score_is_what_the_library_would_hold(opened: Run) -> None:
    for entry in opened[HEAD]:
        found = opened.score(entry.program, HEAD)
        assert found.scores == entry.scores
    bad = opened.score("def attend(query, key, pair): (", HEAD)
    assert bad.scores is None
    assert bad.verdict is Verdict.REFUSED
    assert "syntax error" in bad.reason
    adds = 'def attend(query, key, pair, a=1.0):\n    """Nothing."""\n    return a + inf\n'
    assert opened.score(adds, HEAD, fitted=True).verdict is Verdict.NOT_FINITE


def test_a_program_is_scored_without_the_model(
    finished: Path, again: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = copy_run(finished, tmp_path / "run")
    assert call(capsys, *again(run)).code == 0
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "mine.py").write_text(
        'def attend(query, key, pair, a=1.0):\n    """Recency."""\n    return -a * pair.log_distance\n'
    )
    monkeypatch.setattr("synth.given.load_for", None)
    assert call(capsys, *again(run, "--programs", tmp_path / "own")).code == 0
    assert "mine" in {entry.candidate.label for entry in ranked(run)[Head.parse(HEAD)]}
    # Once anything of the model has changed, it is looked at.
    monkeypatch.setattr("synth.preparation.files_fingerprint", lambda _: "another")
    with pytest.raises(TypeError):
        call(capsys, *again(run))


def test_what_is_not_there_is_one_line(opened: Run, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no programs for L1H3; heads in it: L0H0 to L1H2"):
        opened["L1H3"]
    with pytest.raises(InputError, match="has no text 99; they go from 0 to 35"):
        opened.patterns(HEAD, 99)
    for name in ("L9H0", "L0H9"):
        with pytest.raises(InputError, match=f"there is no head {name} here; they go from L0H0 to L1H3"):
            opened.score("x", name)
    with pytest.raises(InputError, match="are no shares"):
        evaluate(opened, [25])
    with pytest.raises(InputError, match="are no shares"):
        evaluate(opened, 0.25)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="this is no program: line 1"):
        opened.patterns(HEAD, 0, "def (")
    with pytest.raises(InputError, match="is no run directory"):
        open_run(tmp_path)


def test_the_tokenizer_must_be_the_runs(finished: Path) -> None:
    model, own, other = tiny_model("llama"), tiny_tokenizer("llama"), tiny_tokenizer("bert")
    with open_run(finished, model=model, tokenizer=own) as run:
        assert run.model("cuda") is run.model()  # wherever it is
    with pytest.raises(InputError, match=r"the tokenizer of .* is not the one that"):
        open_run(finished, model=model, tokenizer=other)
    own.backend_tokenizer.post_processor = processors.Sequence([])  # as a version that adds no BOS
    with pytest.raises(InputError, match=r"the tokenizer of .* no longer starts texts as .* has them"):
        open_run(finished, model=model, tokenizer=own)
    for given in ({"model": model}, {"tokenizer": own}, {"model": "gpt2", "tokenizer": own}):
        with pytest.raises(InputError, match="a model in memory together with its tokenizer"):
            open_run(finished, **given)


def test_a_patched_model_is_not_taken_for_the_model(opened: Run, tmp_path: Path) -> None:
    """GPT-Neo's patched modules return patterns like any other."""
    model, tokenizer = tiny_model("gpt_neo"), tiny_tokenizer("gpt_neo")
    stories = [text.text for text in opened.texts]
    with (
        patch(model, tokenizer, {Head(0, 0): Baseline.UNIFORM}),
        pytest.raises(InputError, match="the model is patched, so its attention is not its own"),
    ):
        synthesize(model, tokenizer=tokenizer, texts=stories, output=tmp_path / "neo", max_tokens=14)
    assert not (tmp_path / "neo").exists()
    loaded = opened.model()
    with patch(loaded.model, loaded.tokenizer, {}), pytest.raises(InputError, match="the model is patched"):
        opened.patterns(HEAD, TEXT)


def test_a_window_holds_on_texts_longer_than_the_runs(tmp_path: Path) -> None:
    model, tokenizer = tiny_model("mistral"), tiny_tokenizer("mistral")
    texts = [f"{first} {second}" for first in ("the", "a", "red", "Tom") for second in ("dog", "ball", "girl", "park")]
    given: dict[str, Any] = {"heads": ["L0H0"], "max_terms": 1, "max_tokens": 14, "output": tmp_path / "run"}
    with synthesize(model, tokenizer=tokenizer, texts=texts, **given) as run:
        run.material  # noqa: B018 - read before the texts below
        longer = run.patterns("L0H0", TEXT)
    reach = np.abs(np.subtract.outer(np.arange(len(longer.of_head.tokens)), np.arange(len(longer.of_head.tokens))))
    assert (longer.of_head.visible == (np.tri(len(reach), dtype=bool) & (reach < WINDOW))).all()
    assert not longer.of_program.weights[reach >= WINDOW].any()


def test_structures_say_what_serves_which_head(opened: Run) -> None:
    best: dict[tuple[str, Head], float] = {}
    for head in opened.heads:
        for candidate in opened.library.candidates(head):
            if candidate.scores:
                key = (candidate.program.structure, head)
                best[key] = max(best.get(key, 0.0), candidate.scores.validation_iou)
    found = {}
    for structure in opened.structures:
        for head, use in structure.uses.items():
            program = Program.parse(use.source)
            assert use.constants == program.constants
            assert (structure.parts, structure.literals) == (program.parts, program.literals)
            # A minus before a value within the source, as of a curve, is a node too.
            assert abs(structure.nodes - program.nodes) <= 2 * len(program.constants)
            found[program.structure, head] = use.validation_iou
    assert found == best
    counts = [len(structure.uses) for structure in opened.structures]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > 1


def test_ceilings_and_sizes_are_shown(opened: Run) -> None:
    forget_ceilings(opened.path)
    head, scripted = Head.parse(HEAD), 'def f(query, key, pair):\n    """S."""\n    return pair.zeros()[:, :] + 7\n'
    without = opened._repr_html_(), opened[HEAD]._repr_html_(), repr(opened[HEAD])
    assert not any(" 0.876" in shown or "0.876<" in shown for shown in without)
    assert opened.ceilings == {}
    assert opened[HEAD].ceiling is None
    best = max(opened[HEAD], key=lambda entry: entry.scores.validation_iou).scores
    found = Candidate("hand", "loops", scripted, replace(best, validation_iou=0.999, validation_cross_entropy=-1.0))
    opened.library.add(head, "hand", [found], ceiling=Ceiling(0.9, 0.8764))
    assert opened.ceilings == {head: Ceiling(0.9, 0.8764)}
    assert opened[HEAD].ceiling == Ceiling(0.9, 0.8764)
    assert opened["L0H0"].ceiling is None
    table, one = opened._repr_html_(), opened[HEAD]._repr_html_()
    for shown, headings in ((table, ("ceiling", "parts", "literals")), (one, ("parts", "literals"))):
        assert all(f">{heading}</th>" in shown for heading in headings)
        assert re.search(r">scripted</td><td[^>]*>1</td>", shown)  # the literal is 7
    assert table.count(">0.876</td>") == 1
    assert "test figures, ceiling 0.876" in one
    assert "test figures, ceiling 0.876" in repr(opened[HEAD])
    assert opened[HEAD].category is None
    assert "category:" not in one + repr(opened[HEAD])
    (entry,) = [entry for entry in opened["L0H0"] if entry.stands_in]
    assert re.search(rf"></td><td[^>]*>{entry.program.parts}</td><td[^>]*>{entry.program.literals}</td>", table)


def test_the_kind_of_a_head_is_shown(opened: Run) -> None:
    assert list(opened.kinds) == opened.heads
    (kind,) = [kind for head, kind in opened.kinds.items() if str(head) == HEAD]
    assert opened[HEAD].kind == kind
    assert opened[HEAD].category == kind.category
    assert kind.category
    assert kind.scores.induction is not None
    category, shares, scores = kind.lines
    assert category == f"category: {kind.category}"
    assert all(line in repr(opened[HEAD]).splitlines() for line in kind.lines)
    assert all(f"<br>{line}" in opened[HEAD]._repr_html_() for line in (category, shares, scores))
    assert f">{kind.category}</td>" in opened._repr_html_()


def test_a_run_is_read_from_any_folder_and_thread(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_run(finished, tmp_path / "run")
    monkeypatch.chdir(tmp_path)
    with open_run("run") as run, ThreadPoolExecutor(1) as thread:
        monkeypatch.chdir("/")
        assert thread.submit(lambda: HEAD in run and "L1H3" not in run).result()


def test_a_programs_pattern_without_a_model() -> None:
    program = Program.parse('def attend(query, key, pair, a=1.0):\n    """Recency."""\n    return -a * pair.distance\n')
    tokenizer = tiny_tokenizer("bert")
    for causal in (True, False):
        found = program.pattern(TEXT, tokenizer, causal=causal)
        assert len(found.tokens) == len(tokenizer(TEXT)["input_ids"])
        assert found.visible.all() == (not causal)
        assert found.weights.sum(1) == pytest.approx(1)
        assert not found.weights[~found.visible].any()
    with pytest.raises(InputError, match="the text has no tokens"):
        program.pattern("", tiny_tokenizer("gpt2"))
    similar = Program.parse('def f(query, key, pair):\n    """S."""\n    return pair.similarity\n')
    with pytest.raises(InputError, match=r"give embeddings=model\.get_input_embeddings\(\)\.weight"):
        similar.pattern(TEXT, tokenizer)


def test_similarity_is_the_same_without_the_model(opened: Run) -> None:
    similar = Program.parse('def f(query, key, pair):\n    """S."""\n    return 3.0 * pair.similarity\n')
    loaded = opened.model()
    text = opened.texts[0].text
    embeddings = loaded.model.get_input_embeddings().weight
    alone = similar.pattern(text, loaded.tokenizer, embeddings=embeddings)
    inside = opened.patterns(HEAD, text, similar).of_program
    assert alone.tokens[: len(inside.tokens)] == inside.tokens
    n = len(inside.tokens)
    np.testing.assert_allclose(alone.weights[:n, :n], inside.weights, atol=1e-5)


def test_programs_in_a_folder_are_an_assignment(finished: Path, tmp_path: Path) -> None:
    run = copy_run(finished, tmp_path / "run")
    folder = run / "programs"
    assert load_library(folder) == load_library(run)
    shutil.copytree(folder / "L00H03", folder / "L0H3")
    with pytest.raises(InputError, match="has two folders for L0H3"):
        load_library(folder)
    shutil.rmtree(folder / "L0H3")
    os.mkfifo(folder / "L00H03" / "00_pipe.py")  # which nobody writes to
    (folder / "L00H03" / "._01_copy.py").write_bytes(b"\x00\xff")
    assert load_library(folder) == load_library(run)
    (folder / "L00H03" / "00_pipe.py").unlink()
    (folder / "L00H03" / "._01_copy.py").unlink()
    (first, second, *_) = sorted((folder / "L00H03").iterdir())
    for path in (folder / "L00H03").iterdir():
        path.write_text(path.read_text().replace(", stands in for the head", ""))
    assert load_library(folder)[Head(0, 3)].source in first.read_text()
    for path in (first, second):
        path.write_text(path.read_text().replace(" nats, found by", " nats, found by me, stands in for the head,", 1))
    with pytest.raises(InputError, match="stand in for L0H3; take the words out of one"):
        load_library(folder)
    second.unlink()
    first.write_text("def attend(query, key, pair): (")
    with pytest.raises(InputError, match=f"{first} is no program: line 1: syntax error"):
        load_library(folder)
    with pytest.raises(InputError, match="holds no library and no programs such as L03H07"):
        load_library(tmp_path)


def test_rows_are_a_table(opened: Run) -> None:
    frame = pandas.DataFrame(evaluate(opened, [0.34, 1.0], reporter=Reporter(quiet=True)))
    assert set(frame["replacement"]) == {"program", "uniform", "first", "zero"}
    assert (frame["low"] <= frame["increase"]).all()
    assert (frame["increase"] <= frame["high"]).all()
