"""What a server is like is found out before the search, and a server that will answer nothing ends in one line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from synth.llm.dialect import Dialect
from tests.llm.asking import exchanges_of
from tests.llm.conftest import no_settings as no_settings
from tests.llm.player import player
from tests.llm.scripted_server import MODEL, Reply, ScriptedServer, answer, drop, error
from tests.synth.test_llm_rounds import asking as asking
from tests.synth.test_llm_rounds import by_model
from tests.synth.test_llm_rounds import copy as copy
from tests.synth.tiny_runs import HEADS, SMALL, call, rows

Command = Callable[..., tuple[object, ...]]
TRIAL = "Reply with OK."


def is_trial(prompt: str) -> bool:
    return prompt.endswith(TRIAL)


@pytest.fixture
def fresh(llama: str, corpus: str, tmp_path: Path) -> Callable[..., tuple[object, ...]]:
    """The command that begins a run and asks a server."""
    given = ("--corpus", corpus, "--output", tmp_path / "run", "--heads", HEADS, "--jobs", "1", *SMALL)
    return lambda url, *more: ("synthesize", llama, *given, "--llm", MODEL, "--base-url", url, "--rounds", 1, *more)


@pytest.mark.parametrize("more", [(), ("--llm-batch",)])
def test_a_dead_server_is_found_before_the_search(more: Any, fresh: Command, tmp_path: Path, capsys: Any) -> None:
    with ScriptedServer(player()) as server:
        pass
    outcome = call(capsys, *fresh(server.base_url, *more))
    assert outcome.code == 2
    assert f"{server.base_url} answers nothing for {MODEL}" in outcome.err.splitlines()[-1]
    assert "search" not in outcome.err
    assert "attention" not in outcome.err
    assert rows(tmp_path / "run") == []


def test_a_wrong_model_is_found_before_the_search(fresh: Command, tmp_path: Path, capsys: Any) -> None:
    with ScriptedServer(player(), models=("other",)) as server:
        outcome = call(capsys, *fresh(server.base_url))
        assert len(server.completions) == 1
    assert outcome.code == 2
    assert f"has no model {MODEL}" in outcome.err.splitlines()[-1]
    assert outcome.err.splitlines()[-1].endswith("; it lists other")
    assert rows(tmp_path / "run") == []


def test_a_server_is_tried_once_and_what_that_costs_is_counted(copy: Any, asking: Command, capsys: Any) -> None:
    run = copy("run")
    with ScriptedServer(player()) as server:
        # There is room for the trial alone.
        assert call(capsys, *asking(run, server, "--budget", "4100tokens")).code == 0
        assert [is_trial(request.prompt) for request in server.completions] == [True]
        outcome = call(capsys, *asking(run, server, "--rounds", 1, "--json"))
        assert sum(is_trial(request.prompt) for request in server.completions) == 1
        assert outcome.document["summary"]["llm"]["calls"] == len(server.completions)
        assert call(capsys, *asking(run, server, "--budget", "1tokens", "--rounds", 2)).code == 0
        assert sum(is_trial(request.prompt) for request in server.completions) == 1
    # The same name elsewhere need not be the same server.
    with ScriptedServer(player(), models=("other",)) as server:
        outcome = call(capsys, *asking(run, server, "--rounds", 3))
        assert (outcome.code, len(server.completions)) == (2, 1)


def test_the_trial_learns_for_all_questions(copy: Any, asking: Command, capsys: Any) -> None:
    def refuses(body: dict[str, Any]) -> Reply | None:
        if "max_tokens" in body:
            return error(400, "Unsupported parameter: 'max_tokens' is not supported with this model.")
        if body["messages"][0]["role"] == "system":
            return error(400, "System role not supported")
        return None

    run = copy("run")
    with ScriptedServer(player(), refuses=refuses) as server:
        outcome = call(capsys, *asking(run, server, "--rounds", 1))
        assert outcome.code == 0, outcome.err
        assert [refuses(request.body) is None for request in server.completions[:3]] == [False, False, True]
        assert all(refuses(request.body) is None for request in server.completions[3:])
    assert by_model(run)
    with exchanges_of(run) as exchanges:
        assert exchanges.dialect(MODEL) == Dialect("max_completion_tokens", system=False)


@pytest.mark.parametrize("more", [(), ("--llm-batch",)])
def test_a_round_that_was_refused_as_a_whole_is_no_finished_run(
    more: Any, copy: Any, asking: Command, capsys: Any
) -> None:
    run = copy("run")
    before, lost = rows(run), rows(run, "unusable")
    play = lambda prompt, _: answer("OK") if is_trial(prompt) else error(400, "prompts of 999 tokens at most")  # noqa: E731
    with ScriptedServer(play, batch_polls=0) as server:
        outcome = call(capsys, *asking(run, server, *more))
    assert outcome.code == 2
    assert "refused: 400: prompts of 999 tokens at most" in outcome.err.splitlines()[-1]
    assert "mend what it names" in outcome.err.splitlines()[-1]
    assert (rows(run), rows(run, "unusable")) == (before, lost)
    with ScriptedServer(player(), batch_polls=0) as server:
        assert call(capsys, *asking(run, server, "--rounds", 1, *more)).code == 0
    assert by_model(run)


def test_what_the_search_found_is_written_out_before_that_line(fresh: Command, tmp_path: Path, capsys: Any) -> None:
    play = lambda prompt, _: answer("OK") if is_trial(prompt) else error(400, "no")  # noqa: E731
    with ScriptedServer(play) as server:
        assert call(capsys, *fresh(server.base_url)).code == 2
    assert {path.parent.name for path in (tmp_path / "run" / "programs").rglob("*.py")} == {
        "L00H00",
        "L00H03",
        "L01H02",
    }


def test_a_single_question_of_a_later_round_may_fail_by_itself(copy: Any, asking: Command, capsys: Any) -> None:
    run = copy("run")

    def play(prompt: str, attempt: int) -> Reply:
        return error(400, "No") if "of a different hypothesis" in prompt else player()(prompt, attempt)

    with ScriptedServer(play) as server:
        command = ["L0H0" if part == HEADS else part for part in asking(run, server, "--rounds", 3, "--candidates", 1)]
        outcome = call(capsys, *command)
    assert outcome.code == 0, outcome.err
    assert [row[4:6] for row in rows(run, "unusable") if row[4] == "refused"] == [("refused", "400: No")]


def test_a_later_round_that_is_refused_keeps_what_came_before(copy: Any, asking: Command, capsys: Any) -> None:
    run = copy("run")

    def play(prompt: str, attempt: int) -> Reply:
        return error(400, "No more of this") if "of a different hypothesis" in prompt else player()(prompt, attempt)

    with ScriptedServer(play) as server:
        outcome = call(capsys, *asking(run, server))
    assert outcome.code == 2
    assert "all 6 questions to scripted in round 3 failed, the last with refused: 400: No more of this" in outcome.err
    assert 1 in {candidate.round for candidate in by_model(run)} <= {1, 2}


def test_what_may_have_been_billed_is_said_at_the_end(copy: Any, asking: Command, capsys: Any) -> None:
    run = copy("run")
    cut: list[str] = []

    def play(prompt: str, attempt: int) -> Reply:
        if not is_trial(prompt) and not cut:
            cut.append(prompt)
        return drop() if prompt in cut and attempt == 1 else player()(prompt, attempt)

    with ScriptedServer(play) as server:
        outcome = call(capsys, *asking(run, server, "--rounds", 1, "--concurrency", 1))
    assert outcome.code == 0
    assert "are set aside for 1 tries that failed and may have been billed" in outcome.err


def test_a_model_that_is_not_listed_is_named_before_a_batch(copy: Any, asking: Command, capsys: Any) -> None:
    run = copy("run")
    with ScriptedServer(player(), models=("other",), batch_polls=0) as server:
        outcome = call(capsys, *asking(run, server, "--llm-batch"))
        assert not server.completions
    assert f"{server.base_url} does not list {MODEL}; it lists other" in outcome.err.splitlines()
