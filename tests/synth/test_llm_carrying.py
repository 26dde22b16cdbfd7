"""Questions carried to a language model as files, by batches of a server or by hand."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.llm.conftest import no_settings as no_settings
from tests.llm.player import player
from tests.llm.scripted_server import MODEL, Reply, ScriptedServer, error
from tests.synth.test_llm_rounds import FAULTY, by_model
from tests.synth.test_llm_rounds import asking as asking
from tests.synth.test_llm_rounds import copy as copy
from tests.synth.tiny_runs import call, ranked, refusal, rows

Command = Callable[..., tuple[object, ...]]


def export(capsys: Any, run: Path, path: Path, *more: object) -> list[dict[str, Any]]:
    """The questions that wait, written to a file and read back; none where no file is written."""
    path.unlink(missing_ok=True)
    outcome = call(capsys, "llm", "export", run, path, *more)
    assert outcome.code == 0, outcome.err
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def play(question: dict[str, Any], faulty: float = 0.0) -> str:
    """What the player writes to a question, for which the first attempt counts."""
    prompt = "\n\n".join(message["content"] for message in question["body"]["messages"])
    reply = player(faulty)(prompt, 1)
    return json.loads(reply.body)["choices"][0]["message"]["content"]


def bring(capsys: Any, run: Path, path: Path, answers: dict[str, str]) -> str:
    lines = [json.dumps({"custom_id": key, "content": content}) for key, content in answers.items()]
    path.write_text("\n".join(lines) + "\n")
    outcome = call(capsys, "llm", "import", run, path)
    assert outcome.code == 0, outcome.err
    return outcome.err


def test_answers_carried_by_hand_make_the_same_library(copy: Any, asking: Command, tmp_path: Path, capsys: Any) -> None:
    asked, carried = copy("asked"), copy("carried")
    with ScriptedServer(player()) as server:
        assert call(capsys, *asking(asked, server)).code == 0
    waves = 0
    while questions := export(capsys, carried, tmp_path / "requests.jsonl", "--llm", MODEL):
        assert {question["body"]["model"] for question in questions} == {MODEL}
        bring(capsys, carried, tmp_path / "answers.jsonl", {q["custom_id"]: play(q) for q in questions})
        waves += 1
        assert waves < 10
    assert waves == 3
    assert rows(carried) == rows(asked)
    assert rows(carried, "unusable") == rows(asked, "unusable")
    assert {p.name for p in (carried / "programs").rglob("*.py")} == {
        p.name for p in (asked / "programs").rglob("*.py")
    }
    cost = call(capsys, "inspect", carried, "--json").document["summary"]["llm"]["cost"]
    assert cost == {"tokens": 0, "dollars": 0.0}


def test_answers_for_one_head_alone_are_tried_and_ranked(copy: Any, tmp_path: Path, capsys: Any) -> None:
    run = copy("run")
    path, answers = tmp_path / "requests.jsonl", tmp_path / "answers.jsonl"
    questions = export(capsys, run, path, "--llm", MODEL, "--heads", "L0H3")
    said = bring(capsys, run, answers, {questions[0]["custom_id"]: play(questions[0])})
    # One of its two questions is answered: its programs compete, and the other question still waits.
    assert "1 answers stored" in said
    assert "1 questions wait" in said
    shown = call(capsys, "inspect", run, "L0H3", "--json").document["programs"]
    written = [program for program in shown if program["origin"] == "llm"]
    assert written
    assert {(program["model"], program["round"]) for program in written} == {(MODEL, 1)}
    assert [p["iou"] for p in shown] == [e.scores.iou for h, es in ranked(run).items() if str(h) == "L0H3" for e in es]
    assert {
        str(head) for head, entries in ranked(run).items() if any(e.candidate.origin == "llm" for e in entries)
    } == {"L0H3"}
    # Without --llm it goes on with what was asked last; the other answer comes, and the next round's questions wait.
    (left,) = export(capsys, run, path)
    assert left == questions[1]
    bring(capsys, run, answers, {left["custom_id"]: play(left)})
    later = export(capsys, run, path)
    assert len(later) == 2
    assert not {question["custom_id"] for question in later} & {question["custom_id"] for question in questions}


def test_questions_stand_whatever_becomes_known_before_their_answers(
    copy: Any, again: Command, tmp_path: Path, capsys: Any
) -> None:
    run = copy("run")
    path = tmp_path / "requests.jsonl"
    questions = export(capsys, run, path, "--llm", MODEL)
    own = tmp_path / "own"
    own.mkdir()
    (own / "short.py").write_text(
        'def short(query, key, pair, a=1.0):\n    """Near."""\n    return -a * pair.distance\n'
    )
    assert call(capsys, *again(run, "--programs", own)).code == 0
    assert export(capsys, run, path) == questions
    bring(capsys, run, tmp_path / "answers.jsonl", {q["custom_id"]: play(q) for q in questions})
    assert {candidate.round for candidate in by_model(run)} == {1}


def test_batches_make_the_same_library(copy: Any, asking: Command, capsys: Any) -> None:
    asked, batched = copy("asked"), copy("batched")
    with ScriptedServer(player(), batch_polls=0) as server:
        assert call(capsys, *asking(asked, server, "--rounds", 2)).code == 0
        alone = len(server.completions)
        outcome = call(capsys, *asking(batched, server, "--rounds", 2, "--llm-batch"))
        assert outcome.code == 0, outcome.err
        assert len(server.completions) == alone
    assert by_model(batched)
    assert rows(batched) == rows(asked)
    assert rows(batched, "unusable") == rows(asked, "unusable")


def test_a_third_of_a_batch_faulty_stops_nothing(copy: Any, asking: Command, capsys: Any) -> None:
    run = copy("run")
    before = rows(run)
    seen: dict[str, int] = {}

    def play(prompt: str, attempt: int) -> Reply:
        place = seen.setdefault(prompt, len(seen))
        return error(400, "not this one") if place % 5 == 4 else player(FAULTY)(prompt, attempt)

    with ScriptedServer(play, batch_polls=0) as server:
        outcome = call(capsys, *asking(run, server, "--candidates", 12, "--llm-batch", "--json"))
        assert outcome.code == 0, outcome.err
        assert not server.completions
    assert [row for row in rows(run) if not row[2].startswith("llm")] == before
    assert by_model(run)
    kinds = Counter(row[4] for row in rows(run, "unusable"))
    assert outcome.document["summary"]["llm"]["unusable"] == dict(kinds)
    assert kinds.keys() & {"empty", "no program", "truncated"}
    assert kinds["refused"]


def test_a_wrong_model_is_told_by_the_first_batch(copy: Any, asking: Command, capsys: Any) -> None:
    run = copy("run")
    before = rows(run)
    with ScriptedServer(player(), models=("other",), batch_polls=0) as server:
        outcome = call(capsys, *asking(run, server, "--llm-batch"))
        assert len(server.handed_in) == 1
    assert outcome.code == 2
    assert "does not exist" in outcome.err.splitlines()[-1]
    assert rows(run) == before


def test_where_no_batches_are_taken_the_questions_can_be_carried(
    copy: Any, asking: Command, tmp_path: Path, capsys: Any
) -> None:
    run = copy("run")
    with ScriptedServer(player(), batches=False) as server:
        outcome = call(capsys, *asking(run, server, "--llm-batch"))
    assert outcome.code == 2
    assert "headsynth llm export" in outcome.err.splitlines()[-1]
    assert len(export(capsys, run, tmp_path / "requests.jsonl")) == 6


@pytest.mark.parametrize("model", ["gpt-5-mini", "qwen3"])
def test_questions_are_written_as_the_model_was_found_to_take_them(
    model: str, copy: Any, tmp_path: Path, capsys: Any
) -> None:
    """As OpenAI's batches take them from all its models, until a refusal that is brought back says otherwise."""
    run, path = copy("run"), tmp_path / "answers.jsonl"

    def limits(more: tuple[str, ...] = ()) -> set[str]:
        questions = export(capsys, run, tmp_path / "requests.jsonl", *more)
        path.write_text("".join(json.dumps(refused(q["custom_id"])) + "\n" for q in questions))
        return {key for question in questions for key in question["body"] if key.startswith("max")}

    def refused(key: str) -> dict[str, Any]:
        words = [
            {"type": "extra_forbidden", "loc": ["body", "max_completion_tokens"], "msg": "Extra inputs not permitted"}
        ]
        return {"custom_id": key, "response": {"status_code": 422, "body": {"detail": words}}, "error": None}

    assert limits(("--llm", model, "--heads", "L0H3")) == {"max_completion_tokens"}
    outcome = call(capsys, "llm", "import", run, path)
    assert "  refused: 422: body.max_completion_tokens: Extra inputs not permitted" in outcome.err
    assert limits() == {"max_tokens"}


def test_lines_name_head_and_round_and_ids_of_before_are_known(copy: Any, tmp_path: Path, capsys: Any) -> None:
    run, answers = copy("run"), tmp_path / "answers.jsonl"
    questions = export(capsys, run, tmp_path / "requests.jsonl", "--llm", MODEL, "--heads", "L0H3")
    ids = [question["custom_id"] for question in questions]
    assert all(id_.startswith("L0H3-round1-") for id_ in ids)
    by_hand = {id_.rpartition("-")[2] if place else id_: play(questions[place]) for place, id_ in enumerate(ids)}
    assert "2 answers stored" in bring(capsys, run, answers, by_hand)
    later = export(capsys, run, tmp_path / "requests.jsonl")
    assert all(question["custom_id"].startswith("L0H3-round2-") for question in later)


def test_refusals(copy: Any, tmp_path: Path, capsys: Any) -> None:
    run = copy("run")
    path = tmp_path / "file.jsonl"
    path.write_text("")
    assert "name one with --llm MODEL" in call(capsys, "llm", "export", run, path).err
    assert "name one with --llm MODEL" in call(capsys, "llm", "import", run, path).err
    assert "no run directory" in refusal(capsys, "llm", "export", tmp_path, path, "--llm", MODEL)
    assert "no head L7H7" in refusal(capsys, "llm", "export", run, path, "--llm", MODEL, "--heads", "L7H7")
    assert "name one with --llm MODEL" in call(capsys, "llm", "export", run, path).err  # it is no plan
    outcome = call(capsys, "llm", "export", run, tmp_path / "no" / "folder.jsonl", "--llm", MODEL, "--heads", "L0H3")
    assert outcome.code == 2
    assert "cannot write" in outcome.err.splitlines()[-1]
    (question, _) = export(capsys, run, path, "--llm", MODEL, "--heads", "L0H3")
    good = json.dumps({"custom_id": question["custom_id"], "content": play(question)})
    path.write_text(f"{good}\nno JSON\n")
    outcome = call(capsys, "llm", "import", run, path)
    assert outcome.code == 2
    assert "line 2: is no JSON" in outcome.err.splitlines()[-1]
    assert by_model(run)  # the good line was tried all the same


def test_answers_to_an_earlier_plan_are_stored_and_that_is_said(copy: Any, tmp_path: Path, capsys: Any) -> None:
    run, path, answers = copy("run"), tmp_path / "requests.jsonl", tmp_path / "answers.jsonl"
    questions = export(capsys, run, path, "--llm", "first", "--heads", "L0H3")
    export(capsys, run, path, "--llm", "second", "--heads", "L0H3")
    said = bring(capsys, run, answers, {q["custom_id"]: play(q) for q in questions})
    assert "2 of the answers are to what was asked before, of first, and not by the plan that was given last" in said
    assert not by_model(run)
    # As is done by what it says.
    export(capsys, run, path, "--llm", "first", "--heads", "L0H3")
    assert {candidate.model for candidate in by_model(run)} == {"first"}
    later = export(capsys, run, path)
    assert "asked before" not in bring(capsys, run, answers, {q["custom_id"]: play(q) for q in later})
