"""The command line: its documents, its tables, and one clear line for whatever is wrong."""

import re
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import transformers

from surrogates.language.program import Program
from surrogates.library.candidates import Candidate, Ceiling
from surrogates.library.heads import Head
from surrogates.library.library import Library
from synth.categories import HeadKind
from tests.synth.tiny_runs import HEADS, call, ceilings, forget_ceilings, ranked, refusal, rows
from tests.tiny_models import VOCABULARY, tiny_tokenizer

Capture = pytest.CaptureFixture[str]


# Documents and tables.


def test_inspect_lists_the_program_that_stands_in_for_each_head(finished: Path, llama: str, capsys: Capture) -> None:
    document = call(capsys, "inspect", finished, "--json").document
    assert list(document) == ["model", "start", "heads", "summary"]
    assert document["model"] == llama
    chosen = {str(head): entry for head, entries in ranked(finished).items() for entry in entries if entry.stands_in}
    assert [row["head"] for row in document["heads"]] == HEADS.split(",")
    for row in document["heads"]:
        entry = chosen[row["head"]]
        assert row == {
            "head": row["head"],
            "iou": entry.scores.iou,
            "iou_low": entry.scores.iou_low,
            "iou_high": entry.scores.iou_high,
            "ceiling": ceilings(finished)[row["head"]],
            **kind_of(finished, row["head"]),
            "parts": entry.program.parts,
            "literals": entry.program.literals,
            "nodes": entry.program.nodes,
            "program": entry.name,
            "hypothesis": entry.program.hypothesis,
            "origin": entry.candidate.origin,
            "model": "",
            "round": 0,
        }
    ious = [row["iou"] for row in document["heads"]]
    assert document["summary"].pop("cover")[-1] == 3  # all heads, by so many structures as it takes
    assert document["summary"] == {
        "heads": 3,
        "mean_iou": pytest.approx(sum(ious) / 3),
        "min_iou": min(ious),
        "mean_ceiling": pytest.approx(sum(ceilings(finished).values()) / 3),
        "categories": Counter(row["category"] for row in document["heads"]),
        "programs": len({entry.program.source for entry in chosen.values()}),
        "structures": len({entry.program.structure for entry in chosen.values()}),
        "verdicts": {"ok": len(rows(finished))},
        "llm": None,
    }


def kind_of(run: Path, head: str) -> dict[str, Any]:
    """What the library tells of a head's kind, which it does of every one."""
    with closing(Library(run)) as library:
        groups, scores = library.ceilings()[Head.parse(head)].groups, library.head_scores()[Head.parse(head)]
    assert sum(groups.values()) == pytest.approx(1)
    assert all(0 <= score <= 1 for score in vars(scores).values())
    return {"category": HeadKind(groups, scores).category, "shares": groups, "scores": vars(scores)}


@pytest.mark.parametrize("head", ["L0H3", "l0h3"])
def test_inspect_lists_all_programs_of_a_head(finished: Path, head: str, capsys: Capture) -> None:
    document = call(capsys, "inspect", finished, head, "--json").document
    (entries,) = [entries for head, entries in ranked(finished).items() if str(head) == "L0H3"]
    assert document == {
        "head": "L0H3",
        "ceiling": ceilings(finished)["L0H3"],
        **kind_of(finished, "L0H3"),
        "programs": [
            {
                "name": entry.name,
                "stands_in": entry.stands_in,
                "origin": entry.candidate.origin,
                "model": "",
                "round": 0,
                "call": "",
                "iou": entry.scores.iou,
                "iou_low": entry.scores.iou_low,
                "iou_high": entry.scores.iou_high,
                "train_iou": entry.scores.train_iou,
                "cross_entropy": entry.scores.cross_entropy,
                "jsd": entry.scores.jsd,
                "parts": entry.program.parts,
                "literals": entry.program.literals,
                "nodes": entry.program.nodes,
                "kind": "vectorised",
                "verdict": "ok",
                "source": entry.candidate.source,
            }
            for entry in entries
        ],
        "faithfulness": document["faithfulness"],
        "clusters": document["clusters"],
        "archive": document["archive"],
        "failures": [],
        "answers": [],
        "unusable": [],
        "llm": None,
    }
    assert len({row["niche"] for row in document["archive"]}) == len(document["archive"]) > 0
    assert {row["program"] for row in document["archive"]} <= {row["name"] for row in document["programs"]}
    assert {row["origin"] for row in document["programs"]} == {"search", "shared"}
    for row in document["programs"]:
        assert (finished / "programs" / "L00H03" / f"{row['name']}.py").is_file()


def test_synthesize_prints_the_same_document_as_inspect(
    run: Path, again: Callable[..., tuple], capsys: Capture
) -> None:
    assert call(capsys, *again(run, "--json")).document == call(capsys, "inspect", run, "--json").document


@pytest.mark.parametrize("width", [80, 120])
def test_tables_fit_the_terminal(finished: Path, width: int, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    library = call(capsys, "inspect", finished).out
    one = call(capsys, "inspect", finished, "L0H0").out
    effects = call(capsys, "evaluate", finished, "--fractions", "100").out
    (surrogate,) = [entry for entry in ranked(finished)[Head(0, 0)] if entry.stands_in]
    assert surrogate.candidate.source in one  # as it is, to be copied
    drawn = [line for line in one.splitlines() if line.count("│") == 3]
    assert len(drawn) == 14
    for line in drawn + [line for line in (library + effects).splitlines() if not line.startswith("programs:")]:
        assert len(line) <= width or line.startswith("/"), line
    for entry in ranked(finished)[Head(0, 0)]:
        assert f"{entry.scores.iou_low:.3f}–{entry.scores.iou_high:.3f}" in one
        assert f"{entry.name[:16]}" in one
    assert "3 heads, mean IoU " in library
    assert re.search(r"3 \(100%\) +[+-]\d", effects)


def test_documents_tell_ceilings_and_the_sizes_of_scripted_programs(run: Path, capsys: Capture) -> None:
    head, scripted = Head(0, 3), 'def f(query, key, pair):\n    """S."""\n    return pair.zeros()[:, :] + 7\n'
    best = ranked(run)[head][0].scores
    better = replace(best, validation_iou=0.999, validation_cross_entropy=-1.0)
    forget_ceilings(run)
    with closing(Library(run)) as library:
        library.add(head, "hand", [Candidate("hand", "loops", scripted, better)], ceiling=Ceiling(0.9, 0.8))
        library.add(Head(1, 2), "hand", [], ceiling=Ceiling(0.7, 0.5))
    document = call(capsys, "inspect", run, "--json").document
    assert [row["ceiling"] for row in document["heads"]] == [None, 0.8, 0.5]
    assert document["summary"]["mean_ceiling"] == pytest.approx(0.65)
    one = call(capsys, "inspect", run, head, "--json").document
    assert one["ceiling"] == 0.8
    nodes = Program.parse(scripted).nodes
    for row in (document["heads"][1], one["programs"][0]):
        assert (row["parts"], row["literals"], row["nodes"]) == (None, 1, nodes)


def test_heads_can_be_sorted(run: Path, capsys: Capture) -> None:
    best = ranked(run)[Head(0, 0)][0].scores
    better = replace(best, validation_iou=0.999, validation_cross_entropy=-1.0)
    words = [", ".join(f"'word{number}'" for number in range(start, start + 16)) for start in range(0, 160, 16)]
    summands = [
        *(f"a * key.is_one_of({some})" for some in words),
        "key.is_comma",
        "key.is_first",
        *(f"pair.offset({k})" for k in range(20)),
    ]
    with closing(Library(run)) as library:  # the first head has the longest program
        source = f'def f(query, key, pair, a=1.0):\n    """S."""\n    return {" + ".join(summands)}\n'
        library.add(Head(0, 0), "hand", [Candidate("hand", "long", source, better)])
    for sort in ("head", "iou", "parts", "literals"):
        rows = call(capsys, "inspect", run, "--sort", sort, "--json").document["heads"]
        figures = [row[sort] for row in rows]
        assert figures == sorted(figures, reverse=sort == "iou")
        assert rows[-1]["head"] == "L0H0" or sort in ("head", "iou")


@pytest.mark.parametrize(("arguments", "listed"), [((), "synthesize"), (("llm",), "export")])
def test_no_arguments_show_the_help(arguments: tuple[str, ...], listed: str, capsys: Capture) -> None:
    outcome = call(capsys, *arguments)
    assert outcome.code == 0
    assert any(line.split()[:1] == [listed] for line in outcome.out.splitlines())
    assert outcome.err == ""


# What is wrong on the command line.


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("explain",), "No such command 'explain'; see `headsynth --help`"),
        (("inspect",), "Missing argument 'RUN'; see `headsynth inspect --help`"),
        (("synthesize",), "Missing argument 'MODEL'"),
        (("synthesize", "m", "--speed", "9"), "No such option"),
        (("synthesize", "m", "--max-terms", "99"), "--max-terms"),
        (("synthesize", "m", "--seed", "x"), "--seed"),
        (("inspect", "r", "--sort", "size"), "--sort"),
        (("inspect", "r", "--sort", "terms"), "--sort"),
        (("evaluate", "r", "--fractions", "half"), "cannot read the fractions 'half'; write percentages"),
        (("evaluate", "r", "--fractions", "0,50"), "write percentages"),
        (("evaluate", "r", "--fractions", "nan"), "write percentages"),
        (("inspect", "no-run"), "no-run is no run directory; run `headsynth synthesize MODEL --output no-run` first"),
        (("evaluate", "no-run"), "no-run is no run directory"),
    ],
)
def test_a_wrong_command_line_is_refused(arguments: tuple[str, ...], message: str, capsys: Capture) -> None:
    assert message in refusal(capsys, *arguments)


# What is wrong with the model, the corpus or the heads: nothing is left behind.


def bad_model(kind: str, folder: Path) -> str:
    folder.mkdir()
    if kind == "no config":
        return str(folder)
    if kind == "bloom":
        config = transformers.BloomConfig(vocab_size=VOCABULARY, hidden_size=32, n_layer=2, n_head=4)
        transformers.BloomForCausalLM(config).save_pretrained(folder)
        tiny_tokenizer().save_pretrained(folder)
        return str(folder)
    (folder / "config.json").write_text("{" if kind == "bad config" else '{"model_type": "no-such-type"}')
    return str(folder)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("no config", "has no config.json; give the folder of a Hugging Face model"),
        ("bad config", "cannot load the model"),
        ("unknown type", "cannot load the model"),
        ("bloom", "bloom attention cannot be intercepted"),
    ],
)
def test_a_model_that_cannot_be_used_is_refused(
    kind: str, message: str, again: Callable[..., tuple], tmp_path: Path, capsys: Capture
) -> None:
    model = bad_model(kind, tmp_path / "model")
    assert message in refusal(capsys, *again(tmp_path / "run", model=model))
    assert not (tmp_path / "run").exists()


def test_an_unknown_model_is_refused_without_network(
    again: Callable[..., tuple], tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    line = refusal(capsys, *again(tmp_path / "run", model="nobody/no-such-model"))
    assert "cannot load the model nobody/no-such-model" in line
    assert "check its name and your network" in line
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--heads", "L9H9"), "there is no head L9H9 here; they go from L0H0 to L1H3"),
        (("--heads", "L5-L6"), "there is no head L5-L6 here"),
        (("--heads", "H3"), "'H3' is not a head; write it as L3H7"),
        (("--heads", f"L{'9' * 5000}H1"), "9H1' is not a head; write it as L3H7"),
        (("--heads", f"L0-L{'9' * 5000}"), "99' is not a head; write it as L3H7"),
        (("--dtype", "int8"), "unknown dtype 'int8'; choose one of float32"),
        (("--device", "tpu7"), "device"),
        (("--corpus", "no-such.txt"), "cannot read no-such.txt: No such file or directory; check the path"),
        (("--corpus", "stories.csv"), "cannot tell what kind of corpus stories.csv is; give a .txt"),
        (("--programs", "no-such-folder"), "no-such-folder is no folder; give --programs a folder"),
    ],
)
def test_wrong_options_are_refused(
    options: tuple[str, ...], message: str, again: Callable[..., tuple], tmp_path: Path, capsys: Capture
) -> None:
    assert message in refusal(capsys, *again(tmp_path / "run", *options))
    assert not (tmp_path / "run").exists()


def test_longer_texts_than_the_model_reads_are_refused(
    again: Callable[..., tuple], tmp_path: Path, capsys: Capture
) -> None:
    outcome = call(capsys, *again(tmp_path / "run", "--max-tokens", "65"))
    assert outcome.code == 2
    assert "reads at most 64 tokens" in outcome.err.splitlines()[-1]
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"text": "a b"}\n{"text": \n', "line 2: not JSON"),
        ('{"text": "Once upon a time."}\n', "the corpus has 1 distinct documents; give at least 10"),
        ("", "holds no text"),
    ],
)
def test_a_corpus_that_cannot_be_used_is_refused(
    content: str, message: str, again: Callable[..., tuple], tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "c.jsonl").write_text(content)
    assert message in refusal(capsys, *again(tmp_path / "run", corpus=str(tmp_path / "c.jsonl")))
    assert not (tmp_path / "run").exists()


def test_a_corpus_of_ten_short_texts_is_enough(again: Callable[..., tuple], tmp_path: Path, capsys: Capture) -> None:
    small = tmp_path / "small.txt"
    small.write_text("\n\n".join(f"{chr(65 + number)} b" for number in range(10)))
    outcome = call(capsys, *again(tmp_path / "run", "--heads", "L0H0,L0H1", corpus=str(small)))
    assert outcome.code == 0, outcome.err
    assert "4 for training, 2 for validation, 4 for testing" in outcome.err


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.py", "\udcff", "a.py is no text in UTF-8 (byte 0); convert it to UTF-8, or take it out of the folder"),
        ("a.txt", "", "holds no .py file"),
    ],
)
def test_a_folder_without_proper_programs_is_refused(
    name: str, content: str, message: str, run: Path, again: Callable[..., tuple], tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / name).write_bytes(content.encode(errors="surrogateescape"))
    before = rows(run)
    assert message in refusal(capsys, *again(run, "--programs", tmp_path / "own"))
    assert rows(run) == before
