"""A language model proposes programs: played by a server on loopback, met through the command line."""

import ast
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from surrogates.library.candidates import Candidate
from synth.llm.store import Exchanges
from tests.llm.conftest import no_settings as no_settings
from tests.llm.player import MENDED, player
from tests.llm.scripted_server import MODEL, Play, Reply, Request, ScriptedServer, answer
from tests.synth.tiny_runs import HEADS, SMALL, call, copy_run, ranked, refusal, rows, start

Command = Callable[..., tuple[object, ...]]
NAMES = HEADS.split(",")
FAULTY = 0.34


@pytest.fixture
def asking(again: Command) -> Command:
    """The command that goes on from a copy of ``finished`` and asks a server."""

    def command(run: Path, server: ScriptedServer, *more: object) -> tuple[object, ...]:
        return again(run, "--llm", MODEL, "--base-url", server.base_url, *more)

    return command


@pytest.fixture(scope="module")
def faulty_server() -> Iterator[ScriptedServer]:
    with ScriptedServer(player(FAULTY)) as server:
        yield server


@pytest.fixture
def copy(finished: Path, tmp_path: Path) -> Callable[[str], Path]:
    return lambda name: copy_run(finished, tmp_path / name)


def by_model(run: Path) -> list[Candidate]:
    """Scored programs that a language model wrote."""
    return [e.candidate for entries in ranked(run).values() for e in entries if e.candidate.origin == "llm"]


def stored(run: Path) -> int:
    """Answers that are stored."""
    with closing(Exchanges(run / "library.sqlite", create=True)) as exchanges:
        return len(exchanges.all())


def searched(run: Path) -> list[tuple]:
    """The rows that come from the search: column 2 is the stage."""
    return [row for row in rows(run) if not row[2].startswith("llm")]


def always(content: str) -> Play:
    return lambda _prompt, _attempt: answer(content)


def fenced(source: str) -> str:
    return f"```python\n{source}```"


def test_its_programs_join_the_library(copy: Any, asking: Command, capsys: Any) -> None:
    run = copy("run")
    before = rows(run)
    with ScriptedServer(player()) as server:
        outcome = call(capsys, *asking(run, server, "--json"))
        assert outcome.code == 0, outcome.err
        assert searched(run) == before
        found = by_model(run)
        assert {candidate.model for candidate in found} == {MODEL}
        assert {1, 3} <= {candidate.round for candidate in found} <= {1, 2, 3}  # parts of a round may all add nothing
        # Every answer is stored and paid for once, and every program leads back to its answer.
        asked = outcome.document["summary"]["llm"]
        assert asked["calls"] == stored(run) == len(server.completions)
        assert asked["cost"] == {"tokens": 120 * len(server.completions), "dollars": None}
        for head in NAMES:
            shown = call(capsys, "inspect", run, head, "--json").document
            written = [program for program in shown["programs"] if program["origin"] == "llm"]
            assert written
            assert {program["call"] for program in written} <= {answer["call"] for answer in shown["answers"]}
            assert all(answer["cost"]["tokens"] == 120 for answer in shown["answers"])
        # Again: nothing is asked, nothing changes.
        after, asked_before = rows(run), len(server.completions)
        assert call(capsys, *asking(run, server)).code == 0
        assert len(server.completions) == asked_before
        assert rows(run) == after
    table = call(capsys, "inspect", run, "L0H3").out
    assert "Archive: " in table
    assert "llm 1" in table
    exported = [path.read_text() for path in (run / "programs").rglob("*.py")]
    assert any(f"found by llm round 1, {MODEL}" in text for text in exported)


def test_a_third_of_all_answers_faulty_stops_nothing(
    copy: Any, asking: Command, faulty_server: ScriptedServer, capsys: Any
) -> None:
    run = copy("run")
    before = rows(run)
    outcome = call(capsys, *asking(run, faulty_server, "--candidates", 12))
    assert outcome.code == 0, outcome.err
    assert searched(run) == before
    assert by_model(run)
    summary = call(capsys, "inspect", run, "--json").document["summary"]["llm"]
    kinds = Counter(row[4] for row in rows(run, "unusable"))
    verdicts = Counter(row[7] for row in rows(run) if row[2].startswith("llm"))
    assert summary["unusable"] == dict(kinds)
    assert summary["verdicts"] == dict(verdicts)
    assert {"server error", "refused", "empty", "no program"} & set(kinds)
    assert {"refused", "raised", "wrong shape", "not finite"} & set(verdicts)
    line = next(line for line in outcome.out.splitlines() if line.startswith("language model: "))
    for name, count in (kinds | verdicts).items():
        assert f"{count} {name}" in line


@pytest.fixture(scope="module")
def undisturbed(
    finished: Path, llama: str, corpus: str, faulty_server: ScriptedServer, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A run of two rounds on the faulty server that nothing stopped."""
    run = copy_run(finished, tmp_path_factory.mktemp("undisturbed") / "run")
    given = ("--corpus", corpus, "--output", run, "--heads", HEADS, "--jobs", "1", *SMALL, "--rounds", "2")
    process = start("synthesize", llama, *given, "--llm", MODEL, "--base-url", faulty_server.base_url)
    assert process.wait(120) == 0
    return run


def is_good(request: Request) -> bool:
    """Whether the faulty server gave an answer that counts as one, usable or not."""
    reply = player(FAULTY)(request.prompt, request.attempt)
    return reply.status == 200 and reply.body.endswith(b"}")


@pytest.mark.parametrize(("requests", "later"), [(1, 0.0), (4, 0.0), (6, 0.4), (11, 0.0), (16, 0.6)])
def test_a_run_killed_at_any_moment_ends_with_the_same_library(
    requests: int, later: float, copy: Any, asking: Command, undisturbed: Path, capsys: Any
) -> None:
    run = copy("run")
    concurrency = 2
    with ScriptedServer(player(FAULTY)) as server:
        command = asking(run, server, "--rounds", 2, "--concurrency", concurrency)
        process = start(*command)
        deadline = time.monotonic() + 120
        while len(server.completions) < requests and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(later)
        process.send_signal(signal.SIGKILL)
        process.wait()
        time.sleep(0.1)  # what was under way reaches the server
        assert stored(run) >= sum(map(is_good, server.completions)) - concurrency
        outcome = call(capsys, *command)
        assert outcome.code == 0, outcome.err
        assert rows(run) == rows(undisturbed)
        assert rows(run, "unusable") == rows(undisturbed, "unusable")
        # What is asked twice was under way when the run was killed.
        assert stored(run) == stored(undisturbed)
        assert sum(map(is_good, server.completions)) <= stored(run) + concurrency


# What is asked.


def test_the_first_question_is_what_the_prompt_command_prints(copy: Any, asking: Command, capsys: Any) -> None:
    run = copy("run")
    printed = {head: call(capsys, "prompt", run, head, "--json").document for head in NAMES}
    with ScriptedServer(always("no idea")) as server:
        assert call(capsys, *asking(run, server, "--rounds", 1)).code == 0
        sent = [request.body["messages"] for request in server.completions]
    assert all(messages in sent for messages in printed.values())
    # The next round's: nothing new is known, so the question is the same.
    again = call(capsys, "prompt", run, NAMES[0], "--json").document
    assert again == printed[NAMES[0]]
    assert "the run's 1 rounds are done" in call(capsys, "prompt", run, NAMES[0]).err


BROKEN = 'def attend(query, key, pair, w=1.0):\n    """Breaks."""\n    return w * pair.distance[10 ** 6, 0]\n'


def test_what_fails_goes_back_once_with_its_error(copy: Any, asking: Command, capsys: Any) -> None:
    def play(prompt: str, _attempt: int) -> Reply:
        if "This program cannot be used" not in prompt:
            return answer(fenced(BROKEN) + "\nor\n" + fenced("def attend(query, key, pair):\n    return pair.blue\n"))
        return answer(fenced(MENDED) if "IndexError" in prompt else fenced(BROKEN))

    run = copy("run")
    with ScriptedServer(play) as server:
        assert call(capsys, *asking(run, server, "--rounds", 1, "--candidates", 2)).code == 0
        sent = [request.prompt for request in server.completions if "cannot be used" in request.prompt]
    assert len(sent) == 2  # the same for all heads, and so asked once
    shown = call(capsys, "inspect", run, NAMES[0], "--json").document
    for failure in shown["failures"]:
        assert any(failure["reason"] in prompt for prompt in sent), failure
    # Broken, refused; then one mended, and one that fails as it did before, which does not go back.
    assert [failure["verdict"] for failure in shown["failures"]] == ["raised", "refused"]
    ended = Counter(part["kind"] for part in shown["unusable"])
    joined = any("; near keys." in program["source"] for program in shown["programs"])
    assert ended == {"known program": 1} | ({} if joined else {"adds nothing": 1})


def test_a_line_about_what_failed_names_its_kind_once(copy: Any, asking: Command, capsys: Any) -> None:
    run = copy("run")
    refused = fenced('def attend(query, key, pair):\n    """Blue."""\n    return pair.blue\n')
    play = lambda prompt, _: answer("no idea" if "cannot be used" in prompt else refused)  # noqa: E731
    with ScriptedServer(play) as server:
        assert call(capsys, *asking(run, server, "--rounds", 1, "--candidates", 1)).code == 0
    shown = call(capsys, "inspect", run, NAMES[0]).out
    assert f"program (llm round 1, {MODEL}): refused: line 3: " in shown
    assert "unused: no program: no function in the answer, which begins: no idea" in " ".join(shown.split())
    assert shown.count("refused") == 2  # the other is counted in the account


def test_a_question_that_comes_again_gets_an_answer_of_its_own(copy: Any, asking: Command, capsys: Any) -> None:
    """Where nothing new was found, the second round asks for parts of the same program as the first."""
    run = copy("run")
    with ScriptedServer(always("no idea")) as server:
        assert call(capsys, *asking(run, server, "--rounds", 2, "--candidates", 1)).code == 0
        # Beside the one that tries the server.
        assert len(server.completions) - 1 == stored(run) - 1 == 2 * len(NAMES)
        assert len({request.prompt for request in server.completions}) - 1 == len(NAMES)


def test_no_more_is_taken_of_an_answer_than_was_asked_for(copy: Any, asking: Command, capsys: Any) -> None:
    many = "\n".join(fenced(BROKEN.replace("10 ** 6", str(10**6 + number))) for number in range(7))
    run = copy("run")
    with ScriptedServer(always(many)) as server:
        assert call(capsys, *asking(run, server, "--rounds", 1, "--candidates", 2)).code == 0
        # One tries the server, and a question a head; what goes back is the same for all heads, and so asked once.
        assert len(server.completions) == 1 + len(NAMES) + 2
    left = Counter((row[4], row[5]) for row in rows(run, "unusable") if row[4] == "more than asked")
    # What goes back asks for one.
    assert left == {
        ("more than asked", "there are more programs than the 2 that were asked for"): len(NAMES),
        ("more than asked", "there are more programs than the 1 that were asked for"): 2 * len(NAMES),
    }


def test_a_program_whose_constant_was_the_mistake_can_be_mended(copy: Any, asking: Command, capsys: Any) -> None:
    source = (
        'def attend(query, key, pair, n=10.0):\n    """Counts."""\n    s = pair.zeros()\n'
        "    if n > 5:\n        return s[99]\n    return s + n * pair.offset(1)\n"
    )

    def play(prompt: str, _attempt: int) -> Reply:
        return answer(fenced(source.replace("10.0", "2.0") if "cannot be used" in prompt else source))

    run = copy("run")
    with ScriptedServer(play) as server:
        assert call(capsys, *asking(run, server, "--rounds", 1, "--candidates", 1)).code == 0
    # It was tried, and joined or was found to add nothing, rather than taken for one that is known to fail.
    joined = {str(head) for head, entries in ranked(run).items() if any(e.candidate.call for e in entries)}
    useless = {f"L{row[0]}H{row[1]}" for row in rows(run, "unusable") if row[4] == "adds nothing"}
    assert joined | useless == set(NAMES)
    assert {row[4] for row in rows(run, "unusable")} <= {"adds nothing"}


def test_a_head_that_does_not_improve_is_left_alone(copy: Any, asking: Command, capsys: Any) -> None:
    run = copy("run")
    with ScriptedServer(always(fenced(MENDED))) as server:
        outcome = call(capsys, *asking(run, server, "--rounds", 9))
        assert outcome.code == 0
    assert "round 3: ask" in outcome.err
    assert "round 4" not in outcome.err


def test_ideas_are_terms_of_programs_that_the_library_holds(copy: Any, asking: Command, capsys: Any) -> None:
    run = copy("run")
    with ScriptedServer(player()) as server:
        assert call(capsys, *asking(run, server, "--rounds", 3)).code == 0
        later = [request.prompt for request in server.completions if "of a different hypothesis" in request.prompt]
    assert later
    sources = [ast.unparse(ast.parse(e.candidate.source)) for entries in ranked(run).values() for e in entries]
    for prompt in later:
        ideas = prompt.split("# Ideas from other heads")[1].split("\n\n")[1].splitlines()
        assert ideas
        for idea in ideas:
            factors = idea.removeprefix("- ").removesuffix(" …").split(" * ")
            assert any(all(factor in source for factor in factors) for source in sources), idea


# Money.


@pytest.fixture
def prices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that costs a cent for a thousand tokens."""
    path = tmp_path / "prices.toml"
    path.write_text(f"[{MODEL}]\ninput = 10.0\noutput = 10.0\n")
    monkeypatch.setenv("HEADSYNTH_PRICES", str(path))


@pytest.mark.usefixtures("prices")
def test_more_than_a_dollar_needs_consent(copy: Any, asking: Command, capsys: Any) -> None:
    run = copy("run")
    with ScriptedServer(player()) as server:
        outcome = call(capsys, *asking(run, server))
        assert outcome.code == 2
        first, last = outcome.err.splitlines()
        # One to try the server; 3 heads, 3 rounds of 2 questions, and 8 parts or programs that may each go back once.
        assert first == f"{MODEL}: at most 91 calls, 1,729,000 tokens, $17.29"
        assert "$17.29" in last
        assert "--yes" in last
        # Rounds that depend on others are counted from the start.
        more = call(capsys, *asking(run, server, "--rounds", 5)).err.splitlines()[0]
        assert more == f"{MODEL}: at most 151 calls, 2,869,000 tokens, $28.69"
        assert not server.requests
        assert call(capsys, *asking(run, server, "--rounds", 1, "--yes")).code == 0
        assert server.completions
        # Less than a dollar is asked for without a word.
        outcome = call(capsys, *asking(run, server, "--budget", "0.9"))
        assert outcome.code == 0
    assert "$" in next(line for line in outcome.out.splitlines() if line.startswith("language model: "))


def test_the_budget_is_kept_and_the_run_goes_on_with_a_larger_one(copy: Any, asking: Command, capsys: Any) -> None:
    run = copy("run")
    with ScriptedServer(player()) as server:
        # A question is taken to cost up to 5,000 and a margin and 4,000 tokens, and in the end costs 120.
        budget = ("--prompt-tokens", 5000, "--budget", "10900tokens")
        outcome = call(capsys, *asking(run, server, *budget, "--json"))
        assert outcome.code == 0, outcome.err
        assert "questions have no answer, since the budget of 10,900 tokens has no room" in outcome.err
        spent = outcome.document["summary"]["llm"]
        assert 0 < spent["cost"]["tokens"] <= 10_900
        first = len(server.completions)
        assert spent["calls"] == first
        assert call(capsys, *asking(run, server)).code == 0
        assert len(server.completions) == stored(run) > first
    assert {1, 3} <= {candidate.round for candidate in by_model(run)}


def test_a_round_that_has_begun_keeps_its_questions(copy: Any, asking: Command, capsys: Any) -> None:
    """What was paid for is used, whatever is asked for afterwards."""
    run = copy("run")
    with ScriptedServer(player()) as server:
        assert call(capsys, *asking(run, server, "--prompt-tokens", 5000, "--budget", "10900tokens")).code == 0
        some = {candidate.call for candidate in by_model(run)}
        assert some
        assert call(capsys, *asking(run, server, "--candidates", 3, "--prompt-tokens", 6000)).code == 0
    assert some <= {candidate.call for candidate in by_model(run)}


# Mistakes.


def test_mistakes_are_found_before_any_work(again: Command, tmp_path: Path, capsys: Any) -> None:
    run = tmp_path / "run"
    asked = again(run, "--llm", MODEL)
    assert "no base URL" in refusal(capsys, *asked, "--base-url", "nowhere")
    assert "OPENAI_API_KEY" in refusal(capsys, *asked)
    assert "names no model" in refusal(capsys, *again(run, "--llm", ""))
    assert "--budget is about a language model" in refusal(capsys, *again(run, "--budget", "2"))
    assert "is no budget" in refusal(capsys, *asked, "--base-url", "http://localhost:1", "--budget", "much")
    assert not run.exists()


def test_a_dead_server_leaves_what_the_search_found(copy: Any, again: Command, capsys: Any) -> None:
    run = copy("run")
    before = rows(run)
    outcome = call(capsys, *again(run, "--llm", MODEL, "--base-url", "http://127.0.0.1:9"))
    assert outcome.code == 2
    assert "http://127.0.0.1:9" in outcome.err.splitlines()[-1]
    assert rows(run) == before
    with ScriptedServer(player(), models=("other",)) as server:
        outcome = call(capsys, *again(run, "--llm", MODEL, "--base-url", server.base_url))
    assert outcome.code == 2
    assert f"has no model {MODEL}" in outcome.err.splitlines()[-1]
    assert rows(run) == before


def test_a_prompt_limit_that_is_too_small_is_said(copy: Any, asking: Command, capsys: Any) -> None:
    run = copy("run")
    with ScriptedServer(player()) as server:
        outcome = call(capsys, *asking(run, server, "--prompt-tokens", 1000))
        assert len(server.completions) == 1  # which tried the server
    assert outcome.code == 2
    assert "the smallest prompt takes about" in outcome.err.splitlines()[-1]
