"""Servers that take questions in other forms: learned from a refusal or an answer, once, and kept with the run."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from prompts.conversation import Message
from synth.llm.batches import BatchClient
from synth.llm.dialect import Dialect
from synth.llm.failures import Failure
from synth.llm.money import Budget
from synth.llm.store import Ask, Exchanges, Parameters
from tests.llm.asking import (
    PARAMETERS,
    PROMPT,
    WORST,
    client,
    contents,
    exchanges_of,
    nowhere,
    question,
    questions,
    refusal,
)
from tests.llm.scripted_server import MODEL, Reply, ScriptedServer, answer, error, raw

Body = dict[str, Any]


def told(count: int, start: int = 0) -> list[Ask]:
    """Questions under words of the system."""
    return [
        Ask((Message("system", "Be brief."), Message("user", f"question {number}")))
        for number in range(start, start + count)
    ]


def detail(place: list[Any], words: str) -> Reply:
    """A refusal as FastAPI makes it."""
    return raw(json.dumps({"detail": [{"type": "x", "loc": ["body", *place], "msg": words}]}).encode(), status=422)


def has_system(body: Body) -> bool:
    return any(message["role"] == "system" for message in body["messages"])


def is_text(body: Body) -> bool:
    return any(isinstance(message["content"], str) for message in body["messages"])


OTHER, NO_SYSTEM, PARTS = Dialect("max_completion_tokens"), Dialect(system=False), Dialect(parts=True)
_UNSUPPORTED = (
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
)
_TEMPLATE = "Jinja Exception: Conversation roles must alternate user/assistant/user/assistant/..."
_PICKY: dict[str, tuple[Callable[[Body], bool], Reply, Dialect]] = {
    "OpenAI's limit": (lambda b: "max_tokens" in b, error(400, _UNSUPPORTED, code="unsupported_parameter"), OTHER),
    "a parameter that is named apart": (
        lambda b: "max_tokens" in b,
        raw(b'{"error": {"message": "Unsupported parameter", "param": "max_tokens"}}', status=400),
        OTHER,
    ),
    "a limit that is missing": (
        lambda b: "max_completion_tokens" not in b,
        detail(["max_completion_tokens"], "Field required"),
        OTHER,
    ),
    "a refusal within a 200": (lambda b: "max_tokens" in b, raw(b'{"error": "Unknown field: max_tokens"}'), OTHER),
    "a template without a system": (
        has_system,
        raw(b'{"object": "error", "message": "System role not supported", "code": 400}', status=400),
        NO_SYSTEM,
    ),
    "instructions that are not enabled": (
        has_system,
        raw(b'[{"error": {"code": 400, "message": "Developer instruction is not enabled for models/x"}}]', status=400),
        NO_SYSTEM,
    ),
    "roles that must alternate": (has_system, error(500, _TEMPLATE), NO_SYSTEM),
    "a value of a role": (
        has_system,
        error(400, "Unsupported value: 'messages[0].role' does not support 'system' with this model."),
        NO_SYSTEM,
    ),
    "two roles": (has_system, error(400, "Only user and assistant roles are supported!"), NO_SYSTEM),
    "lists of parts": (is_text, detail(["messages", 0, "content"], "Input should be a valid list"), PARTS),
    "sequences": (is_text, error(422, "messages[0].content: invalid type: string, expected a sequence"), PARTS),
}


def picky(wrong: Callable[[Body], bool], reply: Reply) -> ScriptedServer:
    return ScriptedServer(lambda prompt, _: answer(prompt), refuses=lambda body: reply if wrong(body) else None)


@pytest.mark.parametrize("kind", _PICKY)
def test_a_form_that_is_refused_is_changed_and_the_question_asked_again_at_once(kind: str, tmp_path: Path) -> None:
    wrong, reply, learned = _PICKY[kind]
    with picky(wrong, reply) as server:
        with exchanges_of(tmp_path) as exchanges:
            outcomes = client(server, exchanges, retries=0, concurrency=4).ask(told(9), nowhere)
            assert contents(outcomes) == [f"Be brief.\n\nquestion {number}" for number in range(9)]
            assert sum(wrong(request.body) for request in server.completions) <= 4  # those that were under way
            assert exchanges.dialect(MODEL, server.base_url) == learned
        # What was learned holds for a later run too, and names no answer: each is found again.
        before = len(server.completions)
        with exchanges_of(tmp_path) as exchanges:
            contents(client(server, exchanges, retries=0).ask(told(12), nowhere))
        assert len(server.completions) == before + 3
        assert not any(wrong(request.body) for request in server.completions[before:])


def test_what_was_learned_of_one_server_or_model_is_not_taken_for_another(exchanges: Exchanges) -> None:
    wrong, reply, _ = _PICKY["OpenAI's limit"]
    with picky(wrong, reply) as server, ScriptedServer(lambda *_: answer("fine")) as other:
        contents(client(server, exchanges).ask(told(1), nowhere))
        contents(client(other, exchanges).ask(told(1, 1), nowhere))
        assert "max_tokens" in other.completions[0].body
        # Answers are found whoever gave them.
        contents(client(other, exchanges).ask(told(2), nowhere))
        assert len(other.completions) == 1


def test_a_server_that_has_changed_is_learned_anew(exchanges: Exchanges) -> None:
    exchanges.keep_dialect(MODEL, "http://elsewhere/v1", Dialect())
    with picky(lambda b: "max_completion_tokens" in b, detail(["max_completion_tokens"], "Extra inputs")) as server:
        exchanges.keep_dialect(MODEL, server.base_url, OTHER)
        contents(client(server, exchanges).ask(told(3), nowhere))
        assert exchanges.dialect(MODEL, server.base_url) == Dialect()


@pytest.mark.parametrize(
    "words",
    [
        "max_tokens is too large: 5000. This model supports at most 4096 completion tokens.",
        "Could not finish the message because max_tokens or model output limit was reached.",
        "'max_tokens' or 'max_completion_tokens' is too large: 4000, and extra room is not allowed.",
        "This model's maximum context length is 4096 tokens; your messages resulted in 5000 tokens.",
        "Unsupported value: 'temperature' does not support 0.7 with this model.",
        "The content was found to be harmful and is not allowed.",
        "the model `system` does not exist",
        "invalid max_tokens: 50 is not allowed for this model, maximum is 40",
        "max_tokens 9000 exceeds the limit; not supported",
        "The system prompt was flagged, we do not answer this.",
        "system prompt and messages too long: cannot fit in the context",
    ],
)
def test_refusals_of_another_kind_change_nothing(words: str, exchanges: Exchanges) -> None:
    play = lambda prompt, _: error(400, words) if "1" in prompt else answer("fine")  # noqa: E731
    with ScriptedServer(play) as server:
        good, bad = client(server, exchanges, concurrency=1).ask(told(2), nowhere)
        assert len(server.completions) == 2
        assert exchanges.dialect(MODEL, server.base_url) == Dialect()
    contents([good])
    assert bad == Failure("refused", f"400: {words}")


def test_a_temperature_is_refused_in_the_servers_words_and_never_left_out(exchanges: Exchanges) -> None:
    words = "Unsupported value: 'temperature' does not support 0.7 with this model. Only the default is supported."
    refuses = lambda body: error(400, words) if "temperature" in body else None  # noqa: E731
    with ScriptedServer(lambda *_: answer("fine"), refuses=refuses) as server:
        asking = client(server, exchanges, parameters=Parameters(MODEL, 0.7, 50))
        message = refusal(lambda: asking.ask(questions(2), nowhere))
    assert f"refused: 400: {words}; mend what it names" in message


def test_a_template_that_fails_without_a_word_is_found_by_trying(exchanges: Exchanges) -> None:
    with picky(has_system, error(500, "Internal Server Error")) as server:
        asking = client(server, exchanges, retries=1)
        asking.check()
        assert exchanges.dialect(MODEL, server.base_url) == NO_SYSTEM
        contents(asking.ask(told(2), nowhere))
        assert [has_system(request.body) for request in server.completions] == [True, True, False, False, False]


def test_a_server_that_is_broken_is_told_by_its_first_words_and_nothing_is_learned(exchanges: Exchanges) -> None:
    play = lambda _, attempt: error(500, f"broken the {attempt}. time")  # noqa: E731
    with ScriptedServer(play) as server:
        message = refusal(client(server, exchanges, retries=1).check)
        assert len(server.completions) == 4
    assert "server error: 500: broken the 2. time; check the base URL" in message
    assert exchanges.dialect(MODEL) is None


def test_no_server_can_make_anybody_ask_in_circles(exchanges: Exchanges) -> None:
    def refuses(body: Body) -> Reply:
        limit = next(name for name in body if name.startswith("max"))
        return error(400, f"Unknown parameter: '{limit}'.")

    with ScriptedServer(lambda *_: answer("fine"), refuses=refuses) as server:
        message = refusal(lambda: client(server, exchanges, concurrency=2).ask(told(6), nowhere))
        assert len(server.completions) <= 6 + 4
    assert "Unknown parameter: 'max_" in message


def test_a_limit_that_was_not_understood_is_told_by_a_longer_answer(exchanges: Exchanges) -> None:
    """The server knows the other parameter alone and ignores what it does not know."""
    over = lambda body: answer("x" * 9, usage=(PROMPT, 500)) if "max_tokens" in body else None  # noqa: E731
    with ScriptedServer(lambda *_: answer("fine", usage=(PROMPT, 50)), refuses=over) as server:
        asking = client(server, exchanges, concurrency=1, budget=Budget(PROMPT + 500 + 3 * WORST, "tokens"))
        outcomes = asking.ask(questions(5), nowhere)
        assert ["max_tokens" in request.body for request in server.completions] == [True, False, False, False]
    contents(outcomes[:4])
    # The books hold what it cost, not what it was to cost at most.
    assert outcomes[4] is None
    assert exchanges.totals().tokens == PROMPT + 500 + 3 * WORST
    assert [remark for remark in asking.remarks if remark.startswith("1 answers were longer than the 50 tokens")]


def test_a_limit_that_is_never_understood_is_said_and_tried_in_turn_once(exchanges: Exchanges) -> None:
    with ScriptedServer(lambda *_: answer("fine", usage=(PROMPT, 500))) as server:
        asking = client(server, exchanges, concurrency=1)
        contents(asking.ask(questions(6), nowhere))
        limits = [next(name for name in request.body if name.startswith("max")) for request in server.completions]
    assert limits == ["max_tokens", "max_completion_tokens", *["max_tokens"] * 4]
    assert [remark for remark in asking.remarks if remark.startswith("6 answers were longer")]


@pytest.mark.parametrize("kind", ["OpenAI's limit", "a template without a system", "lists of parts"])
def test_batches_learn_too(kind: str, exchanges: Exchanges) -> None:
    wrong, reply, learned = _PICKY[kind]
    with picky(wrong, reply) as server:
        asking = BatchClient(PARAMETERS, server.base_url, exchanges, poll=0.01, budget=Budget(4 * 100, "tokens"))
        contents(asking.ask(told(3), nowhere))
        assert len(server.handed_in) == 2
        assert exchanges.dialect(MODEL, server.base_url) == learned
        # A client that asks there one by one knows, and so does the other way round.
        contents(client(server, exchanges).ask(told(4), nowhere))
        assert len(server.completions) == 1


def test_what_a_batch_leaves_of_its_worst_case_is_used(exchanges: Exchanges) -> None:
    with ScriptedServer(lambda *_: answer("fine", usage=(5, 5))) as server:
        asking = BatchClient(PARAMETERS, server.base_url, exchanges, poll=0.01, budget=Budget(100, "tokens"))
        for number in range(3):
            contents(asking.ask([question(f"question {number}")], nowhere))
