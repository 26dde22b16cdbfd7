"""What was paid for is stored whatever its form; an error that comes as a 200 is the error that it is."""

import json
from dataclasses import replace
from typing import Any

import pytest

from prompts.answers import programs_in
from synth.llm.failures import Failure
from synth.llm.files import import_answers
from synth.llm.money import Budget, Price, Prices
from synth.llm.store import Exchange, Exchanges
from tests.llm.asking import PROMPT, WORST, client, contents, noted, nowhere, question, questions, refusal
from tests.llm.scripted_server import MODEL, Reply, ScriptedServer, answer, drop, error, raw, stall


def sent(message: Any, finish: str = "stop", **more: Any) -> Reply:
    choice = {"index": 0, "message": message, "finish_reason": finish} | more.pop("choice", {})
    return raw(json.dumps({"choices": [choice]} | more).encode())


def parts(*given: Any) -> Reply:
    return sent({"role": "assistant", "content": list(given)})


_THOUGHT = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}
_CALL = {"id": "x", "type": "function", "function": {"name": "f", "arguments": "{}"}}
_FORMS: dict[str, tuple[Reply, str]] = {
    "parts": (parts({"type": "text", "text": "a"}, {"type": "text", "text": "b"}), "ab"),
    "output parts": (parts({"type": "output_text", "text": "a"}), "a"),
    "texts in a list": (parts("a", "b"), "ab"),
    "reasoning among parts": (
        parts(_THOUGHT, {"type": "reasoning", "text": "Hm."}, {"type": "text", "text": "a"}),
        "a",
    ),
    "odd parts": (parts(7, None, ["a"], {"type": "text", "text": 7}, {"text": "a"}), "a"),
    "one part": (sent({"content": {"type": "text", "text": "a"}}), "a"),
    "a number": (sent({"content": 7}), ""),
    "a refusal": (sent({"content": None, "refusal": "I cannot."}), "I cannot."),
    "a call of a tool": (sent({"content": None, "tool_calls": [_CALL]}, "tool_calls"), ""),
    "a bare message": (sent("a"), "a"),
    "a list for a message": (sent([7, "a"]), "a"),
    "a number for a message": (sent(7), ""),
    "no message": (raw(b'{"choices": [{"text": "a", "finish_reason": "stop"}]}'), "a"),
    "no choices but a count": (raw(b'{"choices": [], "usage": {"completion_tokens": 7}}'), ""),
    "a count alone": (raw(b'{"usage": {"prompt_tokens": 9, "completion_tokens": 7}, "error": {"code": 502}}'), ""),
    "broken off after tokens that count": (sent({"content": "a"}, "error", usage={"completion_tokens": 7}), "a"),
    "an error beside a whole answer": (sent({"content": "a"}, error={"message": "logging failed"}), "a"),
}


@pytest.mark.parametrize("form", _FORMS)
def test_a_paid_answer_is_stored_whatever_its_form(form: str, exchanges: Exchanges) -> None:
    reply, text = _FORMS[form]
    with ScriptedServer(lambda *_: reply) as server:
        for _ in range(2):
            (outcome,) = client(server, exchanges, retries=0).ask([question("q")], nowhere)
            assert contents([outcome]) == [text]
        assert len(server.completions) == 1
    assert isinstance(outcome, Exchange)
    (flaw,) = programs_in(outcome.content, outcome.finish_reason).flaws  # why no program is in it is said there
    assert ("ended by tool_calls" in flaw.reason) == (form == "a call of a tool")


def test_what_holds_no_answer_is_not_stored_and_may_have_been_billed(exchanges: Exchanges) -> None:
    odd = {"question 0": raw(b'{"choices": null}'), "question 1": raw(b"<html>"), "question 2": raw(b"[]")}
    with ScriptedServer(lambda prompt, _: odd.get(prompt, answer("fine", usage=(PROMPT, 50)))) as server:
        asking = client(server, exchanges, budget=Budget(4 * WORST, "tokens"), concurrency=1)
        outcomes = asking.ask([question("q"), *questions(5)], nowhere)
    contents(outcomes[:1])
    assert [outcome.kind for outcome in outcomes[1:4] if isinstance(outcome, Failure)] == ["invalid response"] * 3
    assert outcomes[4:] == [None, None]  # what is set aside has left no room
    assert exchanges.totals().calls == 1
    assert asking.remarks == [
        f"{3 * WORST} tokens are set aside for 3 tries that failed and may have been billed; "
        "a later run does not count them"
    ]


def test_what_was_lost_counts_before_the_next_try(exchanges: Exchanges) -> None:
    """The package repeats by itself what a connection that broke off may have cost."""
    with ScriptedServer(lambda *_: drop()) as server:
        asking = client(server, exchanges, budget=Budget(2 * 58, "tokens"), retries=4, concurrency=1)
        message = refusal(lambda: asking.ask([question("q")], nowhere))
        assert server.attempts("q") == 2
    assert "it broke off, and the budget has no room for another try" in message
    assert asking.remarks[0].startswith("116 tokens are set aside for 2 tries")


_WITHIN = {
    "a code": raw(b'{"error": {"message": "upstream died", "code": 502}}'),
    "no code": raw(b'{"error": {"message": "upstream died"}}'),
    "a text": raw(b'{"error": "upstream died"}'),
    "a kind": raw(b'{"error": {"message": "upstream died", "type": "overloaded_error"}}'),
    "a busy one": raw(b'{"error": {"message": "upstream died", "code": "429"}}'),
    "an object": raw(b'{"object": "error", "message": "upstream died", "code": 503}'),
    "in the choice": sent({"content": ""}, choice={"error": {"message": "upstream died", "code": 502}}),
    "a finish": sent(
        {"content": "def"}, "error", usage={"completion_tokens": None}, error={"message": "upstream died"}
    ),
    "behind another": raw(
        b'{"error": {"message": "Provider returned error", "code": 502, "metadata": {"raw": "upstream died"}}}'
    ),
}


@pytest.mark.parametrize("form", _WITHIN)
def test_an_error_within_a_200_that_may_pass_is_tried_again(form: str, exchanges: Exchanges) -> None:
    soon = replace(_WITHIN[form], headers={"Retry-After": "0.01"})
    with ScriptedServer(lambda _, attempt: soon if attempt < 3 else answer("fine")) as server:
        asking = client(server, exchanges, budget=Budget(100, "tokens"))
        contents(asking.ask([question("q")], nowhere))
        assert server.attempts("q") == 3
    assert asking.remarks == []
    with ScriptedServer(lambda prompt, _: answer("fine") if prompt == "r" else soon) as server:
        _, outcome = client(server, exchanges, retries=1, concurrency=1).ask([question("r"), question("s")], nowhere)
        assert server.attempts("s") == 2
    assert isinstance(outcome, Failure)
    assert outcome.kind in ("server error", "rate limited")
    assert "upstream died (within a 200)" in outcome.reason


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error": {"message": "No", "code": 401}}', "refuses the API key (401: No (within a 200))"),
        (b'{"error": {"message": "No", "type": "authentication_error"}}', "refuses the API key"),
        (b'{"error": {"message": "No", "code": "insufficient_quota"}}', "has no credit left"),
        (b'{"error": {"message": "No", "code": "model_not_found", "type": "invalid_request_error"}}', "has no model"),
        (b'{"error": {"message": "too long", "code": 400}}', "refused: 400: too long (within a 200); mend what it"),
        (b'{"error": {"message": "too long", "type": "invalid_request_error"}}', "refused: 400: too long"),
    ],
)
def test_an_error_within_a_200_that_stays_is_told_at_once(body: bytes, words: str, exchanges: Exchanges) -> None:
    with ScriptedServer(lambda *_: raw(body)) as server:
        assert words in refusal(lambda: client(server, exchanges).ask([question("q")], nowhere))
        assert len(server.completions) == 1


def test_a_file_of_answers_is_read_alike(exchanges: Exchanges, tmp_path: Any) -> None:
    keys = noted(exchanges, 3)
    bodies = [
        {"choices": [{"message": {"content": [{"type": "text", "text": "a"}]}}]},
        {"error": {"message": "upstream died", "code": 503}},
        {"error": {"message": "too long", "code": 400}},
    ]
    lines = [
        {"custom_id": key, "response": {"status_code": 200, "body": body}}
        for key, body in zip(keys, bodies, strict=True)
    ]
    path = tmp_path / "answers.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    read = import_answers(path, exchanges, Prices({MODEL: Price(1.0, 1.0)}))
    assert contents([exchanges.get(keys[0])]) == ["a"]
    assert [str(read.failures[key]) for key in keys[1:]] == [
        "server error: 503: upstream died (within a 200)",
        "refused: 400: too long (within a 200)",
    ]


# What a call that failed holds of the budget.


def test_every_try_that_may_have_been_billed_is_told(exchanges: Exchanges) -> None:
    """A connection that was cut may have been billed each time, a question that timed out once, an error never."""
    faults = {"cut once": drop(), "cut": drop(), "late": stall(), "busy": error(503)}

    def play(prompt: str, attempt: int) -> Reply:
        good = answer("fine", usage=(10, 10))
        return good if prompt == "good" or (prompt == "cut once" and attempt > 1) else faults[prompt]

    with ScriptedServer(play) as server:
        asking = client(server, exchanges, retries=1, timeout=1.0, concurrency=1)
        asking.ask([question(text) for text in ("good", "cut once", "cut", "late", "busy")], nowhere)
    (remark,) = asking.remarks
    assert "for 4 tries that failed and may have been billed" in remark


def test_what_was_never_sent_is_given_back(exchanges: Exchanges) -> None:
    with ScriptedServer(lambda *_: answer("fine", usage=(PROMPT, 50))) as server:
        asking = client(server, exchanges, retries=1, budget=Budget(2 * WORST, "tokens"))
        contents(asking.ask([question("question 0")], nowhere))
    refusal(lambda: asking.ask([question("question 1")], nowhere))
    assert asking.remarks == []
