"""What reaches a terminal: whatever its width and its encoding, and whatever strangers wrote."""

import errno
import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sandbox.verdicts import Verdict
from surrogates.library.candidates import Candidate, Ceiling
from surrogates.library.heads import Head
from surrogates.library.library import Library
from synth.cli import main
from synth.console import Terminal
from synth.progress import Reporter
from tests.synth.tiny_runs import call, forget_ceilings, ranked, refusal, rows

Capture = pytest.CaptureFixture[str]

HEAD = Head(0, 0)
ORDERS = "\x1b]0;owned\x07 \x9b2J \u202e[/red]:smile:"
SHOWN = r"\x1b]0;owned\x07 \x9b2J \u202e[/red]:smile:"


def printed(encoding: str, monkeypatch: pytest.MonkeyPatch, *arguments: object) -> str:
    """Standard output of a command on a terminal of that encoding."""
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    assert not stop.value.code
    return raw.getvalue().decode(encoding)


def hostile(run: Path) -> Path:
    """A run whose settings, candidates and failures hold escape sequences."""
    with closing(Library(run)) as library:
        (best, *_) = library.ranked(HEAD)
        by_stranger = Candidate("llm", "best", best.candidate.source + "# x\n", best.scores, model=ORDERS, round=1)
        failed = Candidate("llm", ORDERS, ORDERS, None, Verdict.RAISED, ORDERS, model=ORDERS, round=1)
        library.add(HEAD, "llm", [by_stranger, failed])
    settings = (run / "run.toml").read_text(encoding="utf-8")
    model = next(line for line in settings.splitlines() if line.startswith("model"))
    orders = "".join(f"\\u{ord(c):04x}" for c in ORDERS)
    (run / "run.toml").write_text(settings.replace(model, f'model = "{orders}"'), encoding="utf-8")
    return run


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
@pytest.mark.parametrize(
    "command",
    [("inspect",), ("inspect", HEAD), ("inspect", HEAD, "--json"), ("prompt", HEAD), ("prompt", HEAD, "--json")],
)
def test_every_command_prints_in_every_encoding(
    encoding: str, command: tuple[object, ...], finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, *rest = command
    shown = printed(encoding, monkeypatch, name, finished, *rest)
    if "--json" in rest:
        assert shown.isascii()
    if command == ("inspect", HEAD):
        best = ranked(finished)[HEAD][0]
        dash = {"ascii": r"\u2013", "latin-1": r"\u2013"}.get(encoding, "–")
        assert f"{best.scores.iou_low:.3f}{dash}{best.scores.iou_high:.3f}" in shown
        edges = "│" if encoding == "utf-8" else "|"
        assert [line.count(edges) for line in shown.splitlines()].count(3) >= 14


def test_what_goes_wrong_is_told_in_every_encoding(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(raw, encoding="ascii", write_through=True))
    with pytest.raises(SystemExit) as stop:
        main(["inspect", str(tmp_path / "café")])
    assert stop.value.code == 2
    assert rb"caf\xe9 is no run directory" in raw.getvalue()


@pytest.mark.parametrize("width", [40, 100])
def test_escape_sequences_are_shown_and_not_obeyed(
    width: int, run: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    hostile(run)
    library, one = call(capsys, "inspect", run).out, call(capsys, "inspect", run, HEAD).out
    for shown in (library, one):
        assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(shown)
    assert SHOWN in library
    unfolded = "".join("".join(one.split("\n")).split(" "))
    assert SHOWN.replace(" ", "") in unfolded
    documents = [call(capsys, *command, "--json") for command in (("inspect", run), ("inspect", run, HEAD))]
    assert all(document.out.isascii() and "\x1b" not in document.out for document in documents)
    assert documents[0].document["model"] == documents[1].document["failures"][0]["source"] == ORDERS


def test_json_holds_no_control_character(run: Path, capsys: Capture) -> None:
    with closing(Library(run)) as library:
        library.add(HEAD, "llm", [Candidate("llm", "a", "\x7f\x85\x9b\u2028", None, Verdict.REFUSED, "no")])
    outcome = call(capsys, "inspect", run, HEAD, "--json")
    assert all(" " <= character <= "~" for character in outcome.out.rstrip("\n"))
    assert outcome.document["failures"][0]["source"] == "\x7f\x85\x9b\u2028"


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_is_shown_as_it_is(terminal: bool, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    if terminal:
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("TERM", "xterm")
    reporter = Reporter()
    with reporter.stage(f"try programs of [/x]{ORDERS}") as step:
        step(1, 1, f"[/y]{ORDERS}\nnext")
    reporter.say(f"told [/z]{ORDERS}\nnext")
    err = capsys.readouterr().err
    assert f"try programs of [/x]{SHOWN}" in err
    assert f"[/y]{SHOWN} next" in err
    assert f"told [/z]{SHOWN} next" in err
    assert not {"\x07", "\x9b", "\u202e"} & set(err)


def test_a_refusal_is_one_line_without_escape_sequences(capsys: Capture) -> None:
    line = refusal(capsys, "inspect", f"no\nrun {ORDERS}")
    assert f"no run {SHOWN} is no run directory" in line


def test_a_long_refusal_keeps_what_to_do(tmp_path: Path, capsys: Capture) -> None:
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text(json.dumps({f"field {number}": "x" for number in range(1000)}))
    line = refusal(capsys, "synthesize", "demo", "--corpus", corpus, "--output", tmp_path / "run")
    assert "corpus.jsonl, line 1: cannot tell which field is the text (fields: 'field 0'" in line
    assert line.endswith("'field 999'); name it 'text'")
    assert len(line) < 2100


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_nothing_is_lost_on_any_width(
    width: int, finished: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    chosen = {head: entry for head, entries in ranked(finished).items() for entry in entries if entry.stands_in}
    library = call(capsys, "inspect", finished).out
    one = call(capsys, "inspect", finished, HEAD).out
    effects = call(capsys, "evaluate", finished, "--fractions", "100", "--quiet").out
    for shown in (library.split("\ncandidates:")[0], one.split("\n/")[0], effects):
        for line in shown.splitlines():
            assert len(line) <= width or line.startswith(("Increase", "/")), line
    assert ("head      IoU" in library or "head    IoU" in library) == (width >= 80)  # a table, or row by row
    assert "…" not in library.replace("…;", "").replace("….", "").replace("… ", "").replace("…\n", "")
    for head, entry in chosen.items():
        assert str(head) in library
        for word in entry.program.hypothesis.split():
            assert word in library
    unfolded = " ".join(one.split())
    document = call(capsys, "inspect", finished, HEAD, "--json").document
    assert f"category: {document['category']} shares: " in unfolded
    for group, share in document["shares"].items():
        assert (f"{group} {100 * share:.0f} %" in unfolded) == (share >= 0.005)
    assert f"random tokens that come twice: induction {document['scores']['induction']:.2f}, " in unfolded
    assert "\ncategories: " in library
    squeezed = "".join(one.split())
    for entry in ranked(finished)[HEAD]:
        for figure in (entry.scores.iou, entry.scores.cross_entropy, entry.scores.jsd):
            assert f"{figure:.3f}" in one
        if width != 120:  # there a name is folded beside other cells
            assert entry.name in squeezed
    assert all(word in effects for word in ("program", "uniform", "first", "zero", "95 %"))


@pytest.mark.parametrize("width", [40, 120])
def test_ceilings_and_sizes_on_any_width(
    width: int, run: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    forget_ceilings(run)
    shown = call(capsys, "inspect", run).out
    assert "0.876" not in shown
    assert ", ceiling" not in " ".join(shown.split())
    scripted = 'def f(query, key, pair):\n    """S."""\n    return pair.zeros()[:, :] + 7\n'
    with closing(Library(run)) as library:
        best = library.ranked(HEAD)[0].scores
        better = replace(best, validation_iou=0.999, validation_cross_entropy=-1.0)
        found = Candidate("hand", "loops", scripted, better)
        library.add(HEAD, "hand", [found], ceiling=Ceiling(0.9, 0.8764), finished=False)
    library_shown, one = call(capsys, "inspect", run).out, call(capsys, "inspect", run, HEAD).out
    for text in (library_shown.split("\ncandidates:")[0], one.split("\n/")[0]):
        assert all(len(line) <= width or line.startswith("/") for line in text.splitlines())
    unfolded = " ".join(library_shown.split())
    assert ", ceiling 0.876 of 1 heads; 3 programs" in unfolded
    assert "ceiling 0.876: the IoU of an additive model with full tables" in " ".join(one.split())
    if width == 40:
        assert "ceiling 0.876, parts scripted, literals 1 hypothesis: S." in unfolded
        assert unfolded.split(" heads, mean")[0].count("ceiling ") == 1  # a row without one does not name it
        assert "parts scripted, literals 1" in " ".join(one.split())
    else:
        (row,) = [line.split() for line in library_shown.splitlines() if line.lstrip().startswith(str(HEAD))]
        assert row[3:] == ["0.876", "scripted", "1", "S."]


def test_a_table_that_does_not_fit_is_printed_row_by_row(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    Terminal().print_table(
        [("head", "name"), ("cross-\nentropy", "figure"), ("IoU", "figure"), ("hypothesis", "text")],
        [["L0H0", "2.450", "0.500", "Prefers a_word_of_more_than_thirty_characters and the next."]],
    )
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == [
        "L0H0",
        "  cross-entropy 2.450,",
        "  IoU 0.500",
        "  hypothesis: Prefers",
        "  a_word_of_more_than_thirty_c",
        "  haracters and the next.",
        "",
    ]


def headsynth(stdout: Any, *arguments: object) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-c", "from synth.entry import main; main()", *map(str, arguments)]
    return subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, timeout=120, check=False)


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_reader_who_has_gone_ends_a_command_quietly(options: tuple[str, ...], finished: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        outcome = headsynth(writer, "inspect", finished, *options)
    finally:
        os.close(writer)
    assert outcome.stderr == b""
    assert outcome.returncode == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_output_that_cannot_be_written_is_one_line(options: tuple[str, ...], finished: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        outcome = headsynth(full, "inspect", finished, *options)
    assert outcome.returncode == 2
    assert len(outcome.stderr.splitlines()) == 1
    assert b"No space left on device; free some space" in outcome.stderr


def in_shell(redirected: str, *arguments: object) -> int:
    command = [sys.executable, "-c", "from synth.entry import main; main()", *map(str, arguments)]
    return subprocess.run(["sh", "-c", f'exec "$0" "$@" {redirected}', *command], timeout=120, check=False).returncode


def test_without_standard_streams_a_run_is_the_same(
    run: Path, finished: Path, again: Callable[..., tuple[object, ...]]
) -> None:
    """Workers are started, and no file that is opened takes the place of a stream that is written to."""
    (run / "library.sqlite").unlink()
    assert in_shell("<&- >&- 2>&-", *again(run, "--jobs", 2)) == 0
    assert rows(run) == rows(finished)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_what_is_wrong_and_cannot_be_told_is_still_the_exit_code(tmp_path: Path) -> None:
    assert in_shell("2>/dev/full", "inspect", tmp_path) == 2


def test_no_folder_for_temporary_files_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Capture
) -> None:
    def none() -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    line = refusal(capsys, "inspect", tmp_path)
    assert "there is no folder for temporary files (No usable temporary directory found in ['/tmp'])" in line
    assert "free some space, or set TMPDIR to a folder that can be written to" in line
