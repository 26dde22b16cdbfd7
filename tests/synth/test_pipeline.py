"""From a model to a library: the same input gives the same library, however the work is cut into pieces."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn.modules.module import register_module_forward_pre_hook

from surrogates import load_library
from surrogates.language.program import Program
from surrogates.library.heads import Head
from synth import stages, synthesize
from synth.given import Given
from synth.material import Material
from synth.proposers.additive.rows import Rows
from tests.pretended_device import PRETENDED, pretended_device
from tests.synth.tiny_runs import HEADS, MANY, SMALL, call, copy_run, ranked, rows, start

NAMES = HEADS.split(",")
OLD = Head(0, 0)


def files(run: Path) -> dict[str, str]:
    """The exported programs: path below ``programs/`` and text."""
    folder = run / "programs"
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in folder.rglob("*.py")}


def command(model: str, corpus: str, run: Path, heads: str = HEADS, jobs: int = 1) -> tuple[str, ...]:
    return (
        "synthesize",
        model,
        "--corpus",
        corpus,
        "--output",
        str(run),
        "--heads",
        heads,
        "--jobs",
        str(jobs),
        *SMALL,
    )


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> list[Head]:
    """The heads searched in this process, in order."""
    searched: list[Head] = []
    search = stages._search

    def note(
        material: Material, rows: Rows, max_terms: int, seed: int, device: torch.device, heads: tuple[Head, ...]
    ) -> stages.Fitted:
        searched.extend(heads)
        return search(material, rows, max_terms, seed, device, heads)

    monkeypatch.setattr(stages, "_search", note)
    return searched


def test_on_a_device_the_same_library_is_found(
    llama: str, corpus: str, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Given, "device", lambda _given, _name: PRETENDED)
    with pretended_device() as device:
        synthesize(llama, corpus, output=tmp_path / "run", heads=HEADS, max_terms=2, max_tokens=14).close()
    assert device.operations > 1000
    assert files(tmp_path / "run") == files(finished)


def test_too_little_memory_of_a_device_is_told(
    again: Callable[..., tuple[object, ...]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")

    monkeypatch.setattr(Given, "device", lambda _given, _name: PRETENDED)
    monkeypatch.setattr(stages, "_search", full)
    outcome = call(capsys, *again(tmp_path / "run"))
    assert outcome.code == 2
    assert "the memory of cuda:0 is too small for the fits; run again with --device cpu" in outcome.err


@pytest.mark.parametrize("kind", ["finished", "finished_encoder"])
def test_every_head_gets_ranked_programs(kind: str, request: pytest.FixtureRequest) -> None:
    found = ranked(request.getfixturevalue(kind))
    assert [str(head) for head in found] == NAMES
    for entries in found.values():
        ious = [entry.scores.validation_iou for entry in entries]
        assert ious == sorted(ious, reverse=True)
        assert {entry.candidate.origin for entry in entries} == {"search", "shared"}
        assert {len(entry.program.terms) for entry in entries if entry.candidate.origin == "search"} == {1, 2}
        for entry in entries:
            s = entry.scores
            assert 0 < s.iou_low <= s.iou <= s.iou_high < 1
            assert 0 < s.jsd < 1


def test_programs_are_exported_as_they_stand_in_the_library(finished: Path) -> None:
    exported = files(finished)
    found = ranked(finished)
    assert len(exported) == sum(map(len, found.values()))
    for head, entries in found.items():
        for entry in entries:
            first, source = exported[f"{head.folder}/{entry.name}.py"].split("\n", 1)
            assert first.startswith(f"# {head}, test IoU {entry.scores.iou:.3f} ")
            assert source == entry.candidate.source
            assert Program.parse(source) == entry.program


def test_load_library_gives_each_head_a_program(finished: Path) -> None:
    assignment = load_library(finished)
    assert [str(head) for head in assignment] == NAMES
    for head, entries in ranked(finished).items():
        assert assignment[head] in [entry.program for entry in entries]


def test_a_rerun_changes_nothing(
    llama: str, corpus: str, finished: Path, tmp_path: Path, searched: list[Head], capsys: pytest.CaptureFixture[str]
) -> None:
    run = copy_run(finished, tmp_path / "run")
    lasting = [run / "run.toml", run / "texts.jsonl", *(run / "attention").iterdir()]
    written = [path.stat().st_mtime_ns for path in lasting]
    passes: list[str] = []
    counting = register_module_forward_pre_hook(lambda module, _inputs: passes.append(type(module).__name__))
    try:
        again = call(capsys, *command(llama, corpus, run))
    finally:
        counting.remove()
    assert again.code == 0
    assert passes == []
    assert searched == []
    assert "search" not in again.err
    assert [path.stat().st_mtime_ns for path in lasting] == written
    assert rows(run) == rows(finished)
    assert files(run) == files(finished)


def test_heads_that_join_later_are_found_as_if_all_had_been_there(
    llama: str, corpus: str, finished: Path, tmp_path: Path, searched: list[Head], capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    assert call(capsys, *command(llama, corpus, run, "L1H2")).code == 0
    assert {row[2] for row in rows(run)} == {"search"}  # alone it has nothing to share
    assert call(capsys, *command(llama, corpus, run, "L0H3,L0H0")).code == 0
    assert [str(head) for head in searched] == ["L1H2", "L0H0", "L0H3"]
    found, together = ranked(run), ranked(finished)
    assert list(found) == list(together)
    for head, entries in found.items():
        assert {entry.candidate.origin for entry in entries} == {"search", "shared"}
        # Fitted in other company, constants are the same to rounding, and that may choose another word.
        best, other = (own[0].scores.validation_iou for own in (entries, together[head]))
        assert best == pytest.approx(other, abs=0.03)


def test_the_number_of_workers_does_not_matter(
    deep: str, corpus: str, finished_deep: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Killed while two workers search: they go too, and one worker finishes what they began."""
    run = tmp_path / "run"
    process = start(*command(deep, corpus, run, MANY, jobs=2))
    workers: set[int] = set()
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not ((run / "library.sqlite").is_file() and rows_or_none(run)):
        workers |= children(process.pid)
        assert process.poll() is None
        time.sleep(0.02)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    searched_by_workers = rows(run)
    assert searched_by_workers
    assert [row for row in rows(finished_deep) if row in searched_by_workers] == searched_by_workers
    assert workers
    while any(alive(worker) for worker in workers):
        assert time.monotonic() < deadline, "workers outlive the run"
        time.sleep(0.05)
    assert call(capsys, *command(deep, corpus, run, MANY)).code == 0
    assert rows(run) == rows(finished_deep)


def rows_or_none(run: Path) -> list[tuple]:
    """Rows of a library that another process may be making right now."""
    import sqlite3

    try:
        return rows(run)
    except sqlite3.OperationalError:
        return []


def children(process: int) -> set[int]:
    try:
        return {int(word) for word in Path(f"/proc/{process}/task/{process}/children").read_text().split()}
    except FileNotFoundError:
        return set()


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


# What is whole from the moment that it is renamed on.
RENAMED = ["run.toml", "texts.jsonl", "attention/shard_00000.safetensors", "attention/shard_00001.safetensors"]


def test_a_run_killed_at_any_moment_ends_in_the_same_library(llama: str, corpus: str, tmp_path: Path) -> None:
    undisturbed, run = tmp_path / "undisturbed", tmp_path / "run"
    arguments = ("synthesize", llama, "--corpus", corpus, "--heads", "L0H0,L1H2", "--jobs", "1", *SMALL)
    ended = subprocess.run(
        [sys.executable, "-m", "tests.synth.killed", undisturbed, run, *arguments],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    report = json.loads(ended.stdout)
    done, killed = Counter(report["done"]), set(report["killed"])
    once = {f"rename to {name}" for name in RENAMED}
    results = {effect for effect in done if effect.startswith("commit") and " 0 rows" not in effect}
    assert len(results) == 6  # the tables, the heads' scores, and of each head the search and what it shares
    assert {*once, *results, "rename to tokens.npz", "rename to programs", "remove programs"} <= killed
    assert {done[effect] for effect in (*once, *results)} == {1}  # what had reached the disk was not done again
    assert rows(run) == rows(undisturbed)
    assert files(run) == files(undisturbed)
    assert {path.name for path in run.iterdir()} == {path.name for path in undisturbed.iterdir()}


def test_an_unfinished_run_can_be_inspected_and_finished(
    llama: str, corpus: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"

    def stop(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(stages, "grouped", stop)
    interrupted = call(capsys, *command(llama, corpus, run, "L0H0,L0H1"))
    assert interrupted.code == 130
    assert interrupted.err.splitlines()[-1] == ("headsynth: interrupted; run the same command again to go on from here")
    assert [row["head"] for row in call(capsys, "inspect", run, "--json").document["heads"]] == ["L0H0", "L0H1"]
    assert call(capsys, "inspect", run, "L0H1").code == 0


OWN = """
def nearest(query, key, pair, rate=0.5, sink=1.0):
    \"\"\"The nearest keys, and the first token.\"\"\"
    return sink * key.is_first - rate * pair.distance
"""
SCRIPTED = """
def loops(query, key, pair, before=1.0):
    \"\"\"The token before.\"\"\"
    scores = pair.zeros()
    for i in range(1, len(query)):
        scores[i, i - 1] += before
    return scores
"""
TWIN = """
def twin(query, key, pair, before=1.0):
    \"\"\"The token before.\"\"\"
    return before * pair.offset(1)
"""


def test_programs_by_hand_compete(
    llama: str, corpus: str, finished: Path, tmp_path: Path, searched: list[Head], capsys: pytest.CaptureFixture[str]
) -> None:
    run = copy_run(finished, tmp_path / "run")
    own = tmp_path / "own"
    (own / "deeper").mkdir(parents=True)
    best = ranked(run)[OLD][0]
    edited = (run / "programs" / OLD.folder / f"{best.name}.py").read_text()
    name, value = next(iter(best.program.constants.items()))
    edited = edited.replace(f"{name}={value}", f"{name}={value * 1.5:.3f}").replace("def attend", "def mine")
    (own / "deeper" / "01_edited_copy.py").write_text(edited)
    (own / "Near & first.py").write_text(OWN)
    (own / "loops.py").write_text(SCRIPTED)
    (own / "twin.py").write_text(TWIN)
    (own / "notes.txt").write_text("not a program")
    assert call(capsys, *command(llama, corpus, run), "--programs", str(own)).code == 0
    assert searched == []
    assert [row for row in rows(run) if row[2] != "hand"] == rows(finished)
    for head, entries in ranked(run).items():
        by_hand = {entry.candidate.label: entry for entry in entries if entry.candidate.origin == "hand"}
        assert {"edited_copy", "edited_copy_fitted", "near_first", "near_first_fitted"} <= set(by_hand)
        assert by_hand["near_first"].candidate.source == OWN.lstrip()
        assert by_hand["edited_copy"].candidate.source.startswith("def mine(")
        fitted, as_is = by_hand["near_first_fitted"].scores, by_hand["near_first"].scores
        assert fitted.validation_cross_entropy < as_is.validation_cross_entropy
        assert by_hand["near_first_fitted"].name.endswith("_near_first_fitted")
        assert f"{head.folder}/{by_hand['near_first'].name}.py" in files(run)
        # The scripted twin of a vectorised program is worth the same.
        loops, twin = by_hand["loops"].scores, by_hand["twin"].scores
        assert by_hand["loops"].program.kind == "scripted"
        assert by_hand["twin"].program.kind == "vectorised"
        assert loops.iou == pytest.approx(twin.iou, abs=1e-6)
        better = by_hand["loops_fitted"]
        assert better.program.kind == "scripted"
        assert better.scores.validation_cross_entropy < loops.validation_cross_entropy
        assert better.scores.validation_iou == pytest.approx(by_hand["twin_fitted"].scores.validation_iou, abs=5e-3)

    # Programs of another folder take the place of these.
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "last.py").write_text(OWN)
    assert call(capsys, *command(llama, corpus, run), "--programs", str(tmp_path / "other")).code == 0
    labels = {row[5] for row in rows(run) if row[2] == "hand"}
    assert labels == {"last", "last_fitted"}


BROKEN = {
    "cut_off": ("def f(query, key, pair):\n    return (\n", "refused", "line 2: syntax error"),
    "no_hypothesis": ("def f(query, key, pair):\n    return key.is_first\n", "refused", "line 1: state the hypothesis"),
    "unknown": ('def f(query, key, pair):\n    """x"""\n    return key.is_blue\n', "refused", "line 3: "),
    "files": ('def f(query, key, pair):\n    """x"""\n    return len(open("x").read())\n', "refused", "line 3: "),
    "raises": ('def f(query, key, pair):\n    """x"""\n    return query.text[99]\n', "raised", "line 3: IndexError"),
    "shapeless": (
        'def f(query, key, pair):\n    """x"""\n    return np.zeros((3, 2))\n',
        "wrong shape",
        "3 x 2",
    ),
    "divides": ('def f(query, key, pair):\n    """x"""\n    return pair.zeros() / 0\n', "not finite", "not a number"),
}


def test_programs_that_are_refused_or_fail_are_listed_and_stop_nothing(
    llama: str, corpus: str, finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = copy_run(finished, tmp_path / "run")
    own = tmp_path / "own"
    own.mkdir()
    (own / "fine.py").write_text(OWN)
    for name, (source, _, _) in BROKEN.items():
        (own / f"{name}.py").write_text(source)
    outcome = call(capsys, *command(llama, corpus, run), "--programs", str(own))
    assert outcome.code == 0
    heads = len(NAMES)
    counts = f"{4 * heads} refused, {heads} raised, {heads} wrong shape, {heads} not finite"
    assert counts in " ".join(outcome.out.split())
    for head in NAMES:
        shown = call(capsys, "inspect", run, head, "--json").document
        failures = {failure["label"]: failure for failure in shown["failures"]}
        assert set(failures) == set(BROKEN)
        for name, (_, verdict, reason) in BROKEN.items():
            assert failures[name]["verdict"] == verdict
            assert reason in failures[name]["reason"]
            assert verdict not in failures[name]["reason"]  # which stands beside it
            assert failures[name]["origin"] == "hand"
        assert any("fine" in program["name"] for program in shown["programs"])
    summary = call(capsys, "inspect", run, "--json").document["summary"]
    assert summary["verdicts"]["refused"] == 4 * heads
